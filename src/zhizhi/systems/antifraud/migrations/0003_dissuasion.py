import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

from zhizhi.trust.append_only import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('antifraud', '0002_clue_of_report'),
        ('directory', '0011_guardianship'),
        ('engine', '0027_retention'),
    ]

    operations = [
        migrations.CreateModel(
            name='Dissuasion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('calling', 'To be called'), ('relatives', 'Relatives to be called'), ('visiting', 'Somebody is sent there'), ('reached', 'Reached, result to come'), ('ended', 'Ended')], default='calling', max_length=12)),
                ('tier', models.CharField(choices=[('high', 'High'), ('medium', 'Medium'), ('low', 'Low')], max_length=8)),
                ('warned_by', models.CharField(choices=[('resident', 'A resident'), ('bank', 'A bank'), ('carrier', 'A telephone operator'), ('police', "The police's directive"), ('staff', 'Somebody on duty')], max_length=8)),
                ('rule', models.CharField(blank=True, max_length=64)),
                ('typology', models.CharField(blank=True, max_length=32)),
                ('amount', models.BigIntegerField(null=True)),
                ('lost', models.BigIntegerField(default=0)),
                ('pays_at', models.DateTimeField(null=True)),
                ('due_at', models.DateTimeField()),
                ('began_at', models.DateTimeField()),
                ('began_by', models.CharField(max_length=64)),
                ('ended_at', models.DateTimeField(null=True)),
                ('ended_by', models.CharField(blank=True, max_length=64)),
                ('outcome', models.CharField(blank=True, choices=[('stopped', 'A scam; nothing was paid'), ('paid', 'A scam; something was paid'), ('not-scam', 'Not a scam'), ('unreached', 'Could not be reached')], max_length=12)),
                ('again', models.CharField(blank=True, choices=[('day', 'After a day'), ('week', 'After a week')], max_length=8)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dissuasions', to='engine.case')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.person')),
            ],
            options={
                'verbose_name': 'dissuasion',
            },
            managers=[
                ('everything', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='CallerPhrase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(db_index=True, max_length=64)),
                ('made_at', models.DateTimeField()),
                ('made_by', models.CharField(max_length=64)),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('used_at', models.DateTimeField(null=True)),
                ('used_by', models.CharField(blank=True, max_length=64)),
                ('dissuasion', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='phrases', to='antifraud.dissuasion')),
            ],
            options={
                'verbose_name': 'phrase of a caller',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='DissuasionAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(choices=[('call', 'Call'), ('relative', 'Call to a relative'), ('visit', 'Visit'), ('day', 'Asked again after a day'), ('week', 'Asked again after a week')], max_length=8)),
                ('result', models.CharField(choices=[('reached', 'Reached'), ('busy', 'Busy'), ('no-answer', 'No answer'), ('refused', 'Does not want to hear of it'), ('wrong-number', 'Wrong number')], max_length=12)),
                ('at', models.DateTimeField()),
                ('by', models.CharField(max_length=64)),
                ('dissuasion', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attempts', to='antifraud.dissuasion')),
            ],
            options={
                'verbose_name': 'dissuasion attempt',
                'ordering': ['id'],
            },
        ),
        migrations.AddIndex(
            model_name='dissuasion',
            index=models.Index(fields=['state', 'due_at'], name='antifraud_to_call'),
        ),
        migrations.AddIndex(
            model_name='dissuasion',
            index=models.Index(fields=['again'], name='antifraud_again'),
        ),
        migrations.AddIndex(
            model_name='dissuasion',
            index=models.Index(fields=['began_at'], name='antifraud_began'),
        ),
        migrations.AddConstraint(
            model_name='dissuasion',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'ended'), _negated=True), fields=('case',), name='antifraud_warned_once'),
        ),
        migrations.AddConstraint(
            model_name='dissuasion',
            constraint=models.CheckConstraint(condition=models.Q(('lost__gte', 0), models.Q(('amount', None), ('amount__gte', models.F('lost')), _connector='OR')), name='antifraud_lost_of_what_was_at_risk'),
        ),
        append_only("antifraud_dissuasionattempt"),
    ]
