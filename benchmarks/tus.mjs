import http from 'node:http'
import { FileStore } from '@tus/file-store'
import { Server } from '@tus/server'
const server = new Server({ path: '/files', datastore: new FileStore({ directory: process.env.FOLDER }) })
http.createServer((request, response) => server.handle(request, response)).listen(+process.env.PORT, '127.0.0.1')
