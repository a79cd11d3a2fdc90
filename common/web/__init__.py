"""Pages, forms, the API and the admin: what all of them share."""
