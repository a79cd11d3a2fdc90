
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
                ('token_hash', models.CharField(max_length=64, unique=True, verbose_name="hash of the token")),
                ('challenge_hash', models.CharField(max_length=64, unique=True, verbose_name="hash of the challenge")),
                ('region', models.CharField(max_length=2, verbose_name="region")),
                ('point', models.CharField(max_length=4, verbose_name="Exam point")),
                ('urn', models.CharField(max_length=120, verbose_name="machine")),
                ('fingerprint', models.CharField(db_index=True, max_length=64, verbose_name="certificate fingerprint")),
                ('pem', models.TextField(verbose_name="certificate")),
                ('created_at', models.DateTimeField(verbose_name="begun")),
                ('expires_at', models.DateTimeField(db_index=True, verbose_name="until")),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name="ended")),
            ],
            options={
                'verbose_name': "machine session",
                'verbose_name_plural': "machine sessions",
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
                'verbose_name': "wrong PINs",
                'verbose_name_plural': "wrong PINs",
            },
        ),
        migrations.CreateModel(
            name='RevocationList',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveBigIntegerField(unique=True, verbose_name="number")),
                ('der', models.BinaryField(verbose_name='DER')),
                ('made_at', models.DateTimeField(verbose_name="made at")),
                ('taken_at', models.DateTimeField(auto_now_add=True, verbose_name="received")),
            ],
            options={
                'verbose_name': "revocation list",
                'verbose_name_plural': "revocation lists",
                'ordering': ('-number',),
            },
        ),
        migrations.CreateModel(
            name='AccessKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(verbose_name="version")),
                ('state', models.CharField(choices=[('made', "Made"), ('loaded', "Loaded"), ('activated', "Activated"), ('expired', "Expired"), ('revoked', "Revoked")], max_length=10, verbose_name="state")),
                ('name', models.CharField(max_length=120, verbose_name="file name")),
                ('path', models.CharField(max_length=300, verbose_name="file")),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('recipients', models.JSONField(default=list, help_text="fingerprints of the GEK members' certificates", verbose_name="sealed to")),
                ('at', models.DateTimeField(verbose_name="made or loaded")),
                ('by', models.CharField(max_length=200, verbose_name="who")),
                ('until', models.DateTimeField(verbose_name="valid until")),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name="removed from the node")),
                ('end_reason', models.CharField(blank=True, max_length=300, verbose_name="why removed")),
                ('sitting', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='access_keys', to='stations.sitting', verbose_name="exam")),
            ],
            options={
                'verbose_name': "access key",
                'verbose_name_plural': "access keys",
                'ordering': ('sitting', 'version'),
            },
        ),
        migrations.CreateModel(
            name='Activation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name="when")),
                ('holder', models.CharField(max_length=200, verbose_name="holder of the token")),
                ('token', models.CharField(max_length=64, verbose_name="fingerprint of the token's certificate")),
                ('until', models.DateTimeField(verbose_name="valid until")),
                ('by', models.CharField(max_length=200, verbose_name="under whose login")),
                ('access_key', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='activations', to='keys.accesskey', verbose_name="access key")),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='stations.person', verbose_name="GEK member")),
            ],
            options={
                'verbose_name': "activation of an access key",
                'verbose_name_plural': "activations of access keys",
                'ordering': ('-at',),
            },
        ),
        migrations.CreateModel(
            name='Certificate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('ca', "Certificate authority"), ('rcoi', "Regional centre (RCOI)"), ('hq', "HQ node of an exam point"), ('gek', "GEK member"), ('print', "Print station"), ('voice', "Voice station"), ('scan', "Scanning station"), ('access', "Access key")], max_length=8, verbose_name="whose")),
                ('region', models.CharField(max_length=2, verbose_name="region")),
                ('point', models.CharField(max_length=4, verbose_name="Exam point")),
                ('ident', models.CharField(max_length=64, verbose_name="identifier")),
                ('common_name', models.CharField(max_length=64, verbose_name="name")),
                ('serial', models.CharField(max_length=64, verbose_name="serial number")),
                ('fingerprint', models.CharField(max_length=64, unique=True, verbose_name="fingerprint")),
                ('key_fingerprint', models.CharField(db_index=True, max_length=64, verbose_name="key fingerprint")),
                ('pem', models.TextField(verbose_name='PEM')),
                ('not_before', models.DateTimeField(verbose_name="valid from")),
                ('not_after', models.DateTimeField(verbose_name="valid until")),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name="revoked")),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='stations.person', verbose_name="person")),
                ('station', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='stations.station', verbose_name="station")),
            ],
            options={
                'verbose_name': "certificate",
                'verbose_name_plural': "certificates",
                'ordering': ('role', 'region', 'point', 'ident', '-not_before'),
            },
        ),
        migrations.AddField(
            model_name='accesskey',
            name='certificate',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='access_key', to='keys.certificate', verbose_name="certificate"),
        ),
        migrations.CreateModel(
            name='ExamPackage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('date', models.DateField(verbose_name="exam date")),
                ('version', models.PositiveIntegerField(verbose_name="version")),
                ('mode', models.CharField(choices=[('live', "Exam"), ('training', "Rehearsal")], max_length=8, verbose_name="mode")),
                ('name', models.CharField(max_length=120, verbose_name="file name")),
                ('path', models.CharField(max_length=300, verbose_name="file")),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('signed_by', models.CharField(max_length=200, verbose_name="signed")),
                ('forms', models.JSONField(blank=True, null=True, verbose_name="expected forms")),
                ('at', models.DateTimeField(verbose_name="made or taken in")),
                ('by', models.CharField(max_length=200, verbose_name="who")),
                ('point', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='packages', to='stations.exampoint', verbose_name="Exam point")),
            ],
            options={
                'verbose_name': "exam package",
                'verbose_name_plural': "exam packages",
                'ordering': ('-at',),
            },
        ),
        migrations.CreateModel(
            name='SigningRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('ca', "Certificate authority"), ('rcoi', "Regional centre (RCOI)"), ('hq', "HQ node of an exam point"), ('gek', "GEK member"), ('print', "Print station"), ('voice', "Voice station"), ('scan', "Scanning station"), ('access', "Access key")], max_length=8, verbose_name="whose")),
                ('region', models.CharField(max_length=2, verbose_name="region")),
                ('point', models.CharField(max_length=4, verbose_name="Exam point")),
                ('ident', models.CharField(max_length=64, verbose_name="identifier")),
                ('common_name', models.CharField(max_length=64, verbose_name="name")),
                ('key_fingerprint', models.CharField(max_length=64, verbose_name="key fingerprint")),
                ('name', models.CharField(max_length=255, verbose_name="file name")),
                ('csr', models.TextField(verbose_name="request")),
                ('state', models.CharField(choices=[('pending', "Waits for a decision"), ('signed', "Signed"), ('refused', "Rejected")], default='pending', max_length=8, verbose_name="state")),
                ('doubt', models.CharField(blank=True, max_length=300, verbose_name="what to look at")),
                ('received_at', models.DateTimeField(verbose_name="received")),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name="decided at")),
                ('decided_by', models.CharField(blank=True, max_length=200, verbose_name="decided by")),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name="reason of the refusal")),
                ('certificate', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='requests', to='keys.certificate', verbose_name="certificate")),
            ],
            options={
                'verbose_name': "certificate request",
                'verbose_name_plural': "certificate requests",
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
