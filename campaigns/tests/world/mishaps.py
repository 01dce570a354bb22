"""What happens to the laboratory itself: it is killed, its disk fails, it is away for hours, work is cancelled."""

from simulation.computer import Computer
from simulation.contacts import Contacts
from simulation.dice import Dice
from simulation.disk import DiskFault
from simulation.files import Disk
from simulation.world import World

from axiom.laboratory.tasks.commands import CancelWorkunits

_MONTH = 30 * 86_400.0
_SOON = 400  # statements within which what is armed happens: some tens of contacts
_SOON_AT = {Disk.JOURNAL: 40, Disk.FOLDERS: 6}  # the same in calls that write files: two a commit, and few outputs


class Mishaps:
    def __init__(self, world: World, contacts: Contacts) -> None:
        self._world = world
        self._contacts = contacts
        self._dice = Dice(world.course.seed, "mishaps")

    def begin(self) -> None:
        world, troubles = self._world, self._world.course.troubles
        for often, what, about in (
            (troubles.kills, self._arm, (DiskFault.KILL,)),
            (troubles.full_disks, self._arm, (DiskFault.FULL,)),
            (troubles.broken_disks, self._arm, (DiskFault.BROKEN,)),
            (troubles.torn_writes / 2, self._arm_files, (Disk.JOURNAL, DiskFault.KILL)),
            (troubles.torn_writes / 2, self._arm_files, (Disk.FOLDERS, DiskFault.KILL)),
            (troubles.full_journals, self._arm_files, (Disk.JOURNAL, DiskFault.FULL)),
            (troubles.broken_journals, self._arm_files, (Disk.JOURNAL, DiskFault.BROKEN)),
            (troubles.full_folders, self._arm_files, (Disk.FOLDERS, DiskFault.FULL)),
            (troubles.broken_folders, self._arm_files, (Disk.FOLDERS, DiskFault.BROKEN)),
            (troubles.outages, self._leave, ()),
            (troubles.cancels, self._cancel, ()),
        ):
            seconds = world.course.days * 86_400.0
            for _ in range(round(often * seconds / _MONTH)):
                world.at(self._dice.between(0, seconds), what, *about)
        for computer in list(self._contacts.computers):
            if computer.nature.clones_at is not None:
                world.at(computer.nature.clones_at, self._clone, computer)

    def _arm(self, fault: DiskFault) -> None:
        self._world.lab.fate.arm(fault, self._dice.whole(1, _SOON))
        self._world.note("armed", fault)

    def _arm_files(self, disk: Disk, fault: DiskFault) -> None:
        self._world.lab.files.arm(disk, fault, self._dice.whole(1, _SOON_AT[disk]))
        self._world.note("armed", disk, fault)

    def _leave(self) -> None:
        hours = self._dice.between(0.1, 24.0)
        self._world.note("outage", round(hours, 3))
        self._world.down(hours * 3_600.0)

    def _cancel(self) -> None:
        if not self._world.lab.is_up:
            return
        newest = self._world.witness.newest_workunit()
        wanted = sorted({self._dice.whole(max(1, newest - 200), newest) for _ in range(20)}) if newest else []
        if wanted:
            answer = self._world.lab.submit(CancelWorkunits(workunits=wanted, reason="a simulation"))
            self._world.note("cancelled", len(answer["cancelled"]))
            self._world.witness.look()

    def _clone(self, computer: Computer) -> None:
        if not computer.is_gone and computer.host:
            self._world.note("cloned", computer.nature.number)
            self._contacts.attach(computer.copied(), 60.0)
