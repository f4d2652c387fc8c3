"""Make the archived store of this version; every later version must read it.

    python tests/archives/make.py

It writes `<version>.zip` beside itself: a run of two epochs and both splits, one of them sharded, and the arrays that a
reader must find. Once a version is released its archive is never made again.
"""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

import numpy as np

from bceprobe.store import StoreWriter, schema
from bceprobe.store.importing import export_npz
from bceprobe.store.manifest import update_manifest
from bceprobe.store.run import open_run

EPOCHS, CLASSES, LENGTH = [1, 4], 3, 5
SAMPLES = {"train": 12, "test": 6}
CONFIG = 'seed = 7\n\n[loss]\nname = "bce"\n\n[model]\nname = "convnet"\n\n[data]\nname = "digits"\n'
# The earliest time a zip file can hold, so that equal content makes equal bytes.
TIME = (1980, 1, 1, 0, 0, 0)


def write_run(folder: Path) -> None:
    """Write the run; its third epoch is planned, and captured for the classifier only."""
    source = np.random.default_rng(10)
    for split, samples in SAMPLES.items():
        writer = StoreWriter(folder, [*EPOCHS, 9], CLASSES, LENGTH, shard=split == "test")
        writer.create_split(split, samples)
        writer.write_samples(split, np.repeat(np.arange(CLASSES), samples // CLASSES), source.permutation(samples))
    for epoch in [*EPOCHS, 9]:
        writer.write_classifier(epoch, source.normal(size=(CLASSES, LENGTH)), source.normal(size=CLASSES))
        for split, samples in SAMPLES.items() if epoch in EPOCHS else ():
            writer.write_features(split, epoch, 0, source.normal(size=(samples, LENGTH)))
            writer.commit(split, epoch)
    (folder / "config.toml").write_text(CONFIG)
    update_manifest(str(folder), status="finished", provenance={"command": ["tests/archives/make.py"]})


def main() -> None:
    """Write the archive: the run in `run/`, and each epoch as it was read by the version that made it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_run(folder / "run")
        for epoch in EPOCHS:
            export_npz(open_run(folder / "run"), folder / "expected" / f"{epoch}.npz", epoch)
        with zipfile.ZipFile(Path(__file__).parent / f"{schema.ENCODING_VERSION}.zip", "w") as archive:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), TIME)
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
