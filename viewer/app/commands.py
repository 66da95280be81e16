"""All that a user can do: the commands of every feature."""

from __future__ import annotations

from PySide6.QtCore import QObject

from viewer.cameras.commands import CameraCommands
from viewer.cases.commands import CaseCommands
from viewer.compare.commands import CompareCommands
from viewer.display.commands import DisplayCommands
from viewer.export.commands import ExportCommands
from viewer.faces.commands import FaceCommands
from viewer.ground_truth.commands import GroundTruthCommands
from viewer.inference.session import Session
from viewer.inspector.commands import InspectorCommands
from viewer.methods.branch_commands import BranchCommands
from viewer.methods.commands import MethodCommands
from viewer.mining.commands import MiningCommands
from viewer.occlusion.commands import OcclusionCommands
from viewer.occlusion.trials import TrialCommands
from viewer.playback.commands import PlaybackCommands
from viewer.playback.timeline_commands import TimelineCommands
from viewer.preferences.commands import PreferenceCommands
from viewer.presentation.commands import PresentationCommands
from viewer.readouts.progress import Kind
from viewer.state.store import Store
from viewer.tasks.deadline import Deadline
from viewer.tasks.edits import Edits
from viewer.tasks.file_writer import FileWriter
from viewer.widgets.dialogs import DesktopServices
from viewer.window.commands import WindowCommands


class Commands(QObject):
    """The commands of every feature. Each changes the Store; none draws, none asks the worker.

    Attributes are named after the features' folders.
    """

    def __init__(
        self, store: Store, session: Session, desktop: DesktopServices, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.playback = PlaybackCommands(store, session, desktop, self)
        self.writer = FileWriter(store, self)
        self.writer.failed.connect(session.tell)
        self.timeline = TimelineCommands(store, session, self)
        self.edits = Edits(store, self)
        self.faces = FaceCommands(store, session, self.edits, self)
        self.methods = MethodCommands(store, desktop, self)
        self.branches = BranchCommands(store, self.methods, desktop, self)
        self.compare = CompareCommands(store, session, desktop, self)
        self.occlusion = OcclusionCommands(store, session, self.edits, self)
        self.trials = TrialCommands(store, session, desktop, self)
        self.inspector = InspectorCommands(store, self)
        self.ground_truth = GroundTruthCommands(store, session, desktop, self)
        self.cameras = CameraCommands(store, desktop, self)
        self.display = DisplayCommands(store, self.edits, self)
        self.export = ExportCommands(store, session, desktop, self.writer, self)
        self.cases = CaseCommands(store, session, desktop, self.writer, self)
        self.playback.case_named.connect(self.cases.open)
        self.mining = MiningCommands(store, session, desktop, self.edits, self.writer, self)
        self.presentation = PresentationCommands(store, session, desktop, self)
        self.preferences = PreferenceCommands(store, self.faces, self.methods, self)
        self.window = WindowCommands(store, session, desktop, self)

    def stop(self, kind: Kind) -> None:
        """End what is under way, as the status line tells of it."""
        match kind:
            case Kind.FILE:
                self.export.cancel()
            case Kind.MINING:
                self.mining.cancel()
            case Kind.TRIAL:
                self.trials.cancel()
            case Kind.METHOD:
                self.window.abandon()

    def close(self, timeout_s: float = 10.0, writing_s: float = 10.0) -> bool:
        """End trials, runs and drawings, and let files that are being written be finished.

        Args:
            timeout_s: For all together but the files.
            writing_s: For the files, counted from now too.

        Returns:
            False if something did not end in time; it is left behind, and what it was to write is not there.
        """
        soon, late = Deadline(timeout_s), Deadline(writing_s)
        ended = [
            self.trials.close(soon.left_s),
            self.occlusion.close(soon.left_s),
            self.mining.close(soon.left_s),
            self.cases.close(soon.left_s),
            self.writer.close(late.left_s),
        ]
        return all(ended)
