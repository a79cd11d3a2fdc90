"""What a person does at the drive of a node: argv is ``write``, ``take``, ``answers`` or ``read``, and the folder."""

import sys

import django

django.setup()

from audit.log import Actor  # noqa: E402
from stations.models import ExamPoint  # noqa: E402
from transfers import flash, importing  # noqa: E402
from transfers.models import Packet  # noqa: E402

ACTOR = Actor("Иванов Пётр Ильич", "page")
action, folder = sys.argv[1:3]
point = ExamPoint.objects.select_related("region").get()
if action == "write":
    said = flash.write(packets=Packet.objects.full(), folder=folder, actor=ACTOR).words
elif action == "take":
    said = importing.import_folder(folder=folder, point=point, actor=ACTOR).words
elif action == "answers":
    said = str(flash.write_answers(folder=folder, point=point, actor=ACTOR))
else:
    brought = flash.read_feed(folder=folder, point=point, actor=ACTOR)
    said = f"{brought.words} {brought.problems}"
sys.stdout.write(said)
