
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('stations', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='MachineSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_hash', models.CharField(max_length=64, unique=True, verbose_name='хэш токена')),
                ('challenge_hash', models.CharField(max_length=64, unique=True, verbose_name='хэш вызова')),
                ('region', models.CharField(max_length=2, verbose_name='регион')),
                ('point', models.CharField(max_length=4, verbose_name='ППЭ')),
                ('urn', models.CharField(max_length=120, verbose_name='машина')),
                ('fingerprint', models.CharField(db_index=True, max_length=64, verbose_name='отпечаток сертификата')),
                ('pem', models.TextField(verbose_name='сертификат')),
                ('created_at', models.DateTimeField(verbose_name='начата')),
                ('expires_at', models.DateTimeField(db_index=True, verbose_name='до')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='прекращена')),
            ],
            options={
                'verbose_name': 'сессия машины',
                'verbose_name_plural': 'сессии машин',
                'ordering': ('-created_at',),
            },
        ),
        migrations.CreateModel(
            name='PinFailures',
            fields=[
                ('token', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('count', models.PositiveSmallIntegerField(default=0)),
                ('last_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'неверные ПИН-коды',
                'verbose_name_plural': 'неверные ПИН-коды',
            },
        ),
        migrations.CreateModel(
            name='RevocationList',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveBigIntegerField(unique=True, verbose_name='номер')),
                ('der', models.BinaryField(verbose_name='DER')),
                ('made_at', models.DateTimeField(verbose_name='составлен')),
                ('taken_at', models.DateTimeField(auto_now_add=True, verbose_name='получен')),
            ],
            options={
                'verbose_name': 'список отозванных сертификатов',
                'verbose_name_plural': 'списки отозванных сертификатов',
                'ordering': ('-number',),
            },
        ),
        migrations.CreateModel(
            name='AccessKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(verbose_name='версия')),
                ('state', models.CharField(choices=[('made', 'Выпущен'), ('loaded', 'Загружен'), ('activated', 'Активирован'), ('expired', 'Срок истёк'), ('revoked', 'Отозван')], max_length=10, verbose_name='состояние')),
                ('name', models.CharField(max_length=120, verbose_name='имя файла')),
                ('path', models.CharField(max_length=300, verbose_name='файл')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('recipients', models.JSONField(default=list, help_text='отпечатки сертификатов членов ГЭК', verbose_name='кому закрыт')),
                ('at', models.DateTimeField(verbose_name='выпущен или загружен')),
                ('by', models.CharField(max_length=200, verbose_name='кто')),
                ('until', models.DateTimeField(verbose_name='действует до')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='удалён с узла')),
                ('end_reason', models.CharField(blank=True, max_length=300, verbose_name='почему удалён')),
                ('sitting', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='access_keys', to='stations.sitting', verbose_name='экзамен')),
            ],
            options={
                'verbose_name': 'ключ доступа к ЭМ',
                'verbose_name_plural': 'ключи доступа к ЭМ',
                'ordering': ('sitting', 'version'),
            },
        ),
        migrations.CreateModel(
            name='Activation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='когда')),
                ('holder', models.CharField(max_length=200, verbose_name='владелец токена')),
                ('token', models.CharField(max_length=64, verbose_name='отпечаток сертификата токена')),
                ('until', models.DateTimeField(verbose_name='действует до')),
                ('by', models.CharField(max_length=200, verbose_name='за чьей учётной записью')),
                ('access_key', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='activations', to='keys.accesskey', verbose_name='ключ доступа')),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='stations.person', verbose_name='член ГЭК')),
            ],
            options={
                'verbose_name': 'активация ключа доступа',
                'verbose_name_plural': 'активации ключей доступа',
                'ordering': ('-at',),
            },
        ),
        migrations.CreateModel(
            name='Certificate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('ca', 'Удостоверяющий центр'), ('rcoi', 'РЦОИ'), ('hq', 'Узел штаба ППЭ'), ('gek', 'Член ГЭК'), ('print', 'Станция печати'), ('voice', 'Станция записи ответов'), ('scan', 'Станция сканирования'), ('access', 'Ключ доступа к ЭМ')], max_length=8, verbose_name='чей')),
                ('region', models.CharField(max_length=2, verbose_name='регион')),
                ('point', models.CharField(max_length=4, verbose_name='ППЭ')),
                ('ident', models.CharField(max_length=64, verbose_name='обозначение')),
                ('common_name', models.CharField(max_length=64, verbose_name='имя')),
                ('serial', models.CharField(max_length=64, verbose_name='серийный номер')),
                ('fingerprint', models.CharField(max_length=64, unique=True, verbose_name='отпечаток')),
                ('key_fingerprint', models.CharField(db_index=True, max_length=64, verbose_name='отпечаток ключа')),
                ('pem', models.TextField(verbose_name='PEM')),
                ('not_before', models.DateTimeField(verbose_name='действует с')),
                ('not_after', models.DateTimeField(verbose_name='действует до')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='отозван')),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='stations.person', verbose_name='сотрудник')),
                ('station', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='stations.station', verbose_name='станция')),
            ],
            options={
                'verbose_name': 'сертификат',
                'verbose_name_plural': 'сертификаты',
                'ordering': ('role', 'region', 'point', 'ident', '-not_before'),
            },
        ),
        migrations.AddField(
            model_name='accesskey',
            name='certificate',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='access_key', to='keys.certificate', verbose_name='сертификат'),
        ),
        migrations.CreateModel(
            name='ExamPackage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('date', models.DateField(verbose_name='дата экзамена')),
                ('version', models.PositiveIntegerField(verbose_name='версия')),
                ('mode', models.CharField(choices=[('live', 'Экзамен'), ('training', 'Тренировка')], max_length=8, verbose_name='режим')),
                ('name', models.CharField(max_length=120, verbose_name='имя файла')),
                ('path', models.CharField(max_length=300, verbose_name='файл')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('signed_by', models.CharField(max_length=200, verbose_name='подписан')),
                ('forms', models.JSONField(blank=True, null=True, verbose_name='ожидаемые формы')),
                ('at', models.DateTimeField(verbose_name='составлен или принят')),
                ('by', models.CharField(max_length=200, verbose_name='кто')),
                ('point', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='packages', to='stations.exampoint', verbose_name='ППЭ')),
            ],
            options={
                'verbose_name': 'пакет экзамена',
                'verbose_name_plural': 'пакеты экзаменов',
                'ordering': ('-at',),
            },
        ),
        migrations.CreateModel(
            name='SigningRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('ca', 'Удостоверяющий центр'), ('rcoi', 'РЦОИ'), ('hq', 'Узел штаба ППЭ'), ('gek', 'Член ГЭК'), ('print', 'Станция печати'), ('voice', 'Станция записи ответов'), ('scan', 'Станция сканирования'), ('access', 'Ключ доступа к ЭМ')], max_length=8, verbose_name='чей')),
                ('region', models.CharField(max_length=2, verbose_name='регион')),
                ('point', models.CharField(max_length=4, verbose_name='ППЭ')),
                ('ident', models.CharField(max_length=64, verbose_name='обозначение')),
                ('common_name', models.CharField(max_length=64, verbose_name='имя')),
                ('key_fingerprint', models.CharField(max_length=64, verbose_name='отпечаток ключа')),
                ('name', models.CharField(max_length=255, verbose_name='имя файла')),
                ('csr', models.TextField(verbose_name='запрос')),
                ('state', models.CharField(choices=[('pending', 'Ожидает решения'), ('signed', 'Подписан'), ('refused', 'Отклонён')], default='pending', max_length=8, verbose_name='состояние')),
                ('doubt', models.CharField(blank=True, max_length=300, verbose_name='на что обратить внимание')),
                ('received_at', models.DateTimeField(verbose_name='получен')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='решено')),
                ('decided_by', models.CharField(blank=True, max_length=200, verbose_name='кто решил')),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name='причина отказа')),
                ('certificate', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='requests', to='keys.certificate', verbose_name='сертификат')),
            ],
            options={
                'verbose_name': 'запрос сертификата',
                'verbose_name_plural': 'запросы сертификатов',
                'ordering': ('-received_at', '-pk'),
            },
        ),
        migrations.AddIndex(
            model_name='certificate',
            index=models.Index(fields=['role', 'region', 'point'], name='certificate_address'),
        ),
        migrations.AddConstraint(
            model_name='accesskey',
            constraint=models.UniqueConstraint(fields=('sitting', 'version'), name='one_access_key_of_a_version'),
        ),
        migrations.AddConstraint(
            model_name='exampackage',
            constraint=models.UniqueConstraint(fields=('point', 'date', 'version'), name='one_package_of_a_version'),
        ),
        migrations.AddConstraint(
            model_name='signingrequest',
            constraint=models.UniqueConstraint(fields=('role', 'region', 'point', 'ident', 'key_fingerprint'), name='one_request_for_a_key_and_name'),
        ),
    ]
