
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('stations', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Act',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('journal_missing', "The journal cannot be had"), ('room_difference', "The room was closed with a difference")], max_length=16, verbose_name="about")),
                ('reason', models.CharField(max_length=200, verbose_name="reason")),
                ('text', models.TextField(blank=True, verbose_name="text")),
                ('name', models.CharField(max_length=160, verbose_name="file name")),
                ('path', models.CharField(max_length=300, verbose_name="file")),
                ('sha256', models.CharField(max_length=64, unique=True, verbose_name='SHA-256')),
                ('photo', models.CharField(blank=True, max_length=300, verbose_name="photo")),
                ('photo_sha256', models.CharField(blank=True, max_length=64, verbose_name="SHA-256 of the photo")),
                ('signed_by', models.CharField(max_length=200, verbose_name="signed by")),
                ('signer_fingerprint', models.CharField(max_length=64, verbose_name="fingerprint of the signer")),
                ('made_at', models.DateTimeField(verbose_name="made at")),
                ('made_by', models.CharField(max_length=200, verbose_name="under whose login")),
                ('room', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='stations.room', verbose_name="room")),
                ('sitting', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acts', to='stations.sitting', verbose_name="exam")),
                ('station_post', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='acts', to='stations.stationpost', verbose_name="station")),
            ],
            options={
                'verbose_name': "act",
                'verbose_name_plural': "acts",
                'ordering': ('-made_at',),
            },
        ),
        migrations.CreateModel(
            name='Journal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('received', "Received"), ('accepted', "Accepted"), ('quarantined', "In quarantine"), ('refused', "Rejected"), ('superseded', "Replaced by a fuller one")], default='received', max_length=12, verbose_name="state")),
                ('kind', models.CharField(choices=[('print', "printing"), ('voice', "voice recording"), ('scan', "scanning")], max_length=8, verbose_name="journal")),
                ('station_said', models.CharField(blank=True, max_length=16, verbose_name="station number in the journal")),
                ('room_said', models.CharField(blank=True, max_length=4, verbose_name="room in the journal")),
                ('original_name', models.CharField(max_length=255, verbose_name="name it came under")),
                ('name', models.CharField(max_length=255, verbose_name="official name")),
                ('sha256', models.CharField(max_length=64, unique=True, verbose_name='SHA-256')),
                ('size', models.PositiveBigIntegerField(verbose_name="size")),
                ('path', models.CharField(max_length=300, verbose_name="file")),
                ('entry_count', models.PositiveIntegerField(default=0, verbose_name="entries")),
                ('lines_size', models.PositiveBigIntegerField(default=0, verbose_name="size of the entries")),
                ('lines_sha256', models.CharField(blank=True, max_length=64, verbose_name="SHA-256 of the entries")),
                ('opened_at', models.DateTimeField(blank=True, null=True, verbose_name="begun")),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name="finished")),
                ('skew_seconds', models.FloatField(blank=True, null=True, verbose_name="station clock is fast by, s")),
                ('serial', models.CharField(blank=True, max_length=200, verbose_name="serial number of the station")),
                ('software', models.CharField(blank=True, max_length=200, verbose_name="software")),
                ('signed_by', models.CharField(blank=True, max_length=120, verbose_name="signed")),
                ('signer_fingerprint', models.CharField(blank=True, max_length=64, verbose_name="fingerprint of the signer")),
                ('doubts', models.JSONField(default=list, verbose_name="remarks")),
                ('sealed_sets', models.PositiveIntegerField(default=0, verbose_name="sets with sealed numbers")),
                ('forms_opened_at', models.DateTimeField(blank=True, null=True, verbose_name="form numbers opened")),
                ('forms_problem', models.CharField(blank=True, max_length=300, verbose_name="why the numbers are not open")),
                ('door', models.CharField(choices=[('api', "network"), ('browser', "browser"), ('flash', "flash drive"), ('packet', "another node"), ('node', "this node")], max_length=8, verbose_name="came by")),
                ('received_at', models.DateTimeField(db_index=True, verbose_name="received")),
                ('received_by', models.CharField(max_length=200, verbose_name="brought by")),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name="decided at")),
                ('decided_by', models.CharField(blank=True, max_length=200, verbose_name="decided by")),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name="reason of the decision")),
                ('point', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='journals', to='stations.exampoint', verbose_name="Exam point")),
                ('room', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='stations.room', verbose_name="room")),
                ('sitting', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='journals', to='stations.sitting', verbose_name="exam")),
                ('station', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='journals', to='stations.station', verbose_name="station")),
                ('superseded_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='supersedes', to='journals.journal', verbose_name="replaced by")),
            ],
            options={
                'verbose_name': "electronic journal",
                'verbose_name_plural': "electronic journals",
                'ordering': ('-received_at', '-pk'),
            },
        ),
        migrations.CreateModel(
            name='JournalAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ordinal', models.PositiveIntegerField(verbose_name="set no.")),
                ('place', models.CharField(blank=True, max_length=8, verbose_name="place")),
                ('registration_number', models.CharField(blank=True, max_length=32, null=True, verbose_name="registration form no.")),
                ('file_name', models.CharField(max_length=255, verbose_name="recording")),
                ('seconds', models.FloatField(default=0, verbose_name="length, s")),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('spoiled', models.BooleanField(default=False, verbose_name="spoiled")),
                ('unused', models.BooleanField(default=False, verbose_name="unused")),
                ('journal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='journals.journal', verbose_name="journal")),
            ],
            options={
                'verbose_name': "recorded answer",
                'verbose_name_plural': "recorded answers",
                'ordering': ('journal', 'ordinal', 'file_name'),
            },
        ),
        migrations.CreateModel(
            name='JournalSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ordinal', models.PositiveIntegerField(verbose_name="set no.")),
                ('spoiled', models.BooleanField(default=False, verbose_name="spoiled")),
                ('unused', models.BooleanField(default=False, verbose_name="unused")),
                ('journal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sets', to='journals.journal', verbose_name="journal")),
            ],
            options={
                'verbose_name': "set of forms",
                'verbose_name_plural': "sets of forms",
                'ordering': ('journal', 'ordinal'),
            },
        ),
        migrations.CreateModel(
            name='JournalSheet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=16, verbose_name="form")),
                ('number', models.CharField(db_index=True, max_length=32, verbose_name="number")),
                ('journal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sheets', to='journals.journal', verbose_name="journal")),
                ('set', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sheets', to='journals.journalset', verbose_name="set")),
            ],
            options={
                'verbose_name': "form",
                'verbose_name_plural': "answer forms",
                'ordering': ('journal', 'set__ordinal', 'kind'),
            },
        ),
        migrations.AddIndex(
            model_name='journal',
            index=models.Index(fields=['sitting', 'kind', 'state'], name='journal_of_sitting'),
        ),
        migrations.AddConstraint(
            model_name='journalanswer',
            constraint=models.UniqueConstraint(fields=('journal', 'ordinal', 'file_name'), name='one_answer_file'),
        ),
        migrations.AddConstraint(
            model_name='journalset',
            constraint=models.UniqueConstraint(fields=('journal', 'ordinal'), name='one_set_of_an_ordinal'),
        ),
    ]
