
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
                ('kind', models.CharField(choices=[('journal_missing', 'Журнал получить нельзя'), ('room_difference', 'Аудитория закрыта с расхождением')], max_length=16, verbose_name='о чём')),
                ('reason', models.CharField(max_length=200, verbose_name='причина')),
                ('text', models.TextField(blank=True, verbose_name='текст')),
                ('name', models.CharField(max_length=160, verbose_name='имя файла')),
                ('path', models.CharField(max_length=300, verbose_name='файл')),
                ('sha256', models.CharField(max_length=64, unique=True, verbose_name='SHA-256')),
                ('photo', models.CharField(blank=True, max_length=300, verbose_name='фотография')),
                ('photo_sha256', models.CharField(blank=True, max_length=64, verbose_name='SHA-256 фотографии')),
                ('signed_by', models.CharField(max_length=200, verbose_name='подписал')),
                ('signer_fingerprint', models.CharField(max_length=64, verbose_name='отпечаток подписавшего')),
                ('made_at', models.DateTimeField(verbose_name='составлен')),
                ('made_by', models.CharField(max_length=200, verbose_name='за чьей учётной записью')),
                ('room', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='stations.room', verbose_name='аудитория')),
                ('sitting', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acts', to='stations.sitting', verbose_name='экзамен')),
                ('station_post', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='acts', to='stations.stationpost', verbose_name='станция')),
            ],
            options={
                'verbose_name': 'акт',
                'verbose_name_plural': 'акты',
                'ordering': ('-made_at',),
            },
        ),
        migrations.CreateModel(
            name='Journal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('received', 'Получен'), ('accepted', 'Принят'), ('quarantined', 'В карантине'), ('refused', 'Отклонён'), ('superseded', 'Заменён более полным')], default='received', max_length=12, verbose_name='состояние')),
                ('kind', models.CharField(choices=[('print', 'печати'), ('voice', 'записи ответов'), ('scan', 'сканирования')], max_length=8, verbose_name='журнал')),
                ('station_said', models.CharField(blank=True, max_length=16, verbose_name='номер станции в журнале')),
                ('room_said', models.CharField(blank=True, max_length=4, verbose_name='аудитория в журнале')),
                ('original_name', models.CharField(max_length=255, verbose_name='имя, с которым пришёл')),
                ('name', models.CharField(max_length=255, verbose_name='официальное имя')),
                ('sha256', models.CharField(max_length=64, unique=True, verbose_name='SHA-256')),
                ('size', models.PositiveBigIntegerField(verbose_name='размер')),
                ('path', models.CharField(max_length=300, verbose_name='файл')),
                ('entry_count', models.PositiveIntegerField(default=0, verbose_name='записей')),
                ('lines_size', models.PositiveBigIntegerField(default=0, verbose_name='размер записей')),
                ('lines_sha256', models.CharField(blank=True, max_length=64, verbose_name='SHA-256 записей')),
                ('opened_at', models.DateTimeField(blank=True, null=True, verbose_name='начат')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='завершён')),
                ('skew_seconds', models.FloatField(blank=True, null=True, verbose_name='часы станции спешат на, с')),
                ('serial', models.CharField(blank=True, max_length=200, verbose_name='серийный номер станции')),
                ('software', models.CharField(blank=True, max_length=200, verbose_name='программа')),
                ('signed_by', models.CharField(blank=True, max_length=120, verbose_name='подписан')),
                ('signer_fingerprint', models.CharField(blank=True, max_length=64, verbose_name='отпечаток подписавшего')),
                ('doubts', models.JSONField(default=list, verbose_name='замечания')),
                ('sealed_sets', models.PositiveIntegerField(default=0, verbose_name='комплектов с закрытыми номерами')),
                ('forms_opened_at', models.DateTimeField(blank=True, null=True, verbose_name='номера бланков открыты')),
                ('forms_problem', models.CharField(blank=True, max_length=300, verbose_name='почему номера не открыты')),
                ('door', models.CharField(choices=[('api', 'сеть'), ('browser', 'браузер'), ('flash', 'флеш-накопитель'), ('packet', 'другой узел'), ('node', 'этот узел')], max_length=8, verbose_name='откуда')),
                ('received_at', models.DateTimeField(db_index=True, verbose_name='получен')),
                ('received_by', models.CharField(max_length=200, verbose_name='кто передал')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='решение принято')),
                ('decided_by', models.CharField(blank=True, max_length=200, verbose_name='кто решил')),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name='причина решения')),
                ('point', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='journals', to='stations.exampoint', verbose_name='ППЭ')),
                ('room', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='stations.room', verbose_name='аудитория')),
                ('sitting', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='journals', to='stations.sitting', verbose_name='экзамен')),
                ('station', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='journals', to='stations.station', verbose_name='станция')),
                ('superseded_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='supersedes', to='journals.journal', verbose_name='заменён на')),
            ],
            options={
                'verbose_name': 'электронный журнал',
                'verbose_name_plural': 'электронные журналы',
                'ordering': ('-received_at', '-pk'),
            },
        ),
        migrations.CreateModel(
            name='JournalAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ordinal', models.PositiveIntegerField(verbose_name='№ комплекта')),
                ('place', models.CharField(blank=True, max_length=8, verbose_name='место')),
                ('registration_number', models.CharField(blank=True, max_length=32, null=True, verbose_name='№ бланка регистрации')),
                ('file_name', models.CharField(max_length=255, verbose_name='аудиофайл')),
                ('seconds', models.FloatField(default=0, verbose_name='длительность, с')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('spoiled', models.BooleanField(default=False, verbose_name='испорчен')),
                ('unused', models.BooleanField(default=False, verbose_name='не использован')),
                ('journal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='journals.journal', verbose_name='журнал')),
            ],
            options={
                'verbose_name': 'записанный ответ',
                'verbose_name_plural': 'записанные ответы',
                'ordering': ('journal', 'ordinal', 'file_name'),
            },
        ),
        migrations.CreateModel(
            name='JournalSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ordinal', models.PositiveIntegerField(verbose_name='№ комплекта')),
                ('spoiled', models.BooleanField(default=False, verbose_name='испорчен')),
                ('unused', models.BooleanField(default=False, verbose_name='не использован')),
                ('journal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sets', to='journals.journal', verbose_name='журнал')),
            ],
            options={
                'verbose_name': 'комплект бланков',
                'verbose_name_plural': 'комплекты бланков',
                'ordering': ('journal', 'ordinal'),
            },
        ),
        migrations.CreateModel(
            name='JournalSheet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=16, verbose_name='бланк')),
                ('number', models.CharField(db_index=True, max_length=32, verbose_name='номер')),
                ('journal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sheets', to='journals.journal', verbose_name='журнал')),
                ('set', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sheets', to='journals.journalset', verbose_name='комплект')),
            ],
            options={
                'verbose_name': 'бланк',
                'verbose_name_plural': 'бланки',
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
