"""The Recorder in a training loop that is not ours."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, SubsetRandomSampler, TensorDataset

from bceprobe import Recorder, open_run
from bceprobe.capture.worker import CAPACITY, Worker
from bceprobe.errors import FolderInUseError, UsageError
from bceprobe.store.validate import validate

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES, CLASSES = 103, 4


class Net(nn.Module):
    """A model whose penultimate features are known: the input through one layer and batch norm."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Dropout(0.5))
        self.fc = nn.Linear(5, CLASSES)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return logits (B, 4)."""
        logits: torch.Tensor = self.fc(self.body(inputs))
        return logits


@pytest.fixture
def data() -> TensorDataset:
    """Random inputs in random class order."""
    source = torch.Generator().manual_seed(0)
    target = torch.randint(0, CLASSES, (SAMPLES,), generator=source)
    return TensorDataset(torch.randn(SAMPLES, 6, generator=source), target)


def loader(data: TensorDataset, **options: Any) -> DataLoader[Any]:
    """Batches of 16, the last one smaller."""
    return DataLoader(data, batch_size=16, **options)


def expected(model: Net, data: TensorDataset) -> np.ndarray[Any, Any]:
    """The features by their definition: the classifier's input in eval mode, in data-set order."""
    was = model.training
    model.eval()
    with torch.no_grad():
        features = model.body(data.tensors[0]).numpy()
    model.train(was)
    return features  # type: ignore[no-any-return]


def test_features_are_the_classifiers_input(tmp_path: Path, data: TensorDataset) -> None:
    """What is stored is exactly what the classifier receives in eval mode, with its weight and bias."""
    model = Net().train()
    with Recorder(tmp_path / "run", classifier=model.fc, epochs=1) as recorder:
        assert recorder.capture(model, loader(data), split="train", epoch=1)
    snapshot = open_run(tmp_path / "run").snapshot(1)
    np.testing.assert_allclose(snapshot.features[:], expected(model, data), rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(snapshot.target, data.tensors[1])
    np.testing.assert_array_equal(snapshot.weight, model.fc.weight.detach())
    np.testing.assert_array_equal(np.asarray(snapshot.bias), model.fc.bias.detach())
    assert validate(tmp_path / "run") == []


def test_capture_disturbs_nothing(tmp_path: Path, data: TensorDataset) -> None:
    """Capturing keeps batch-norm statistics, gradients, each module's own mode and the random stream."""
    model = Net().train()
    model.body[1].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    torch.manual_seed(1)
    stream = torch.random.get_rng_state()
    with Recorder(tmp_path / "run", classifier=model.fc, epochs=1) as recorder:
        recorder.capture(model, loader(data), split="train", epoch=1)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert model.training
    assert not model.body[1].training
    assert torch.equal(torch.random.get_rng_state(), stream)


@pytest.mark.parametrize("options", [{"shuffle": True}, {"shuffle": True, "drop_last": True}, {"drop_last": True}])
def test_order_and_samples_are_those_of_the_data_set(
    tmp_path: Path, data: TensorDataset, options: dict[str, bool]
) -> None:
    """A training loader that shuffles or drops its last batch is captured whole and in order."""
    model = Net()
    with Recorder(tmp_path / "run", classifier=model.fc, epochs=2) as recorder:
        for epoch in (1, 2):
            recorder.capture(model, loader(data, **options), split="train", epoch=epoch)
    for epoch in (1, 2):
        stored = open_run(tmp_path / "run").snapshot(epoch).features[:]
        np.testing.assert_allclose(stored, expected(model, data), rtol=1e-6, atol=1e-7)


def test_random_subset_is_captured_in_order(tmp_path: Path, data: TensorDataset) -> None:
    """A loader over a random subset is captured over that subset, by increasing index."""
    chosen = [40, 3, 77, 12]
    model = Net()
    with Recorder(tmp_path / "run", classifier=model.fc, epochs=1) as recorder:
        recorder.capture(model, loader(data, sampler=SubsetRandomSampler(chosen)), split="train", epoch=1)
    np.testing.assert_array_equal(open_run(tmp_path / "run").snapshot(1).target, data.tensors[1][sorted(chosen)])


def test_any_iterable_of_batches_will_do(tmp_path: Path, data: TensorDataset) -> None:
    """A plain list of batches, of uneven sizes, is captured as it is."""
    inputs, target = data.tensors
    batches = [(inputs[:50], target[:50]), (inputs[50:51], target[50:51]), (inputs[51:], target[51:])]
    model = Net()
    with Recorder(tmp_path / "run", classifier=model.fc, epochs=1) as recorder:
        recorder.capture(model, batches, split="test", epoch=1)
    assert open_run(tmp_path / "run").splits == ("test",)
    np.testing.assert_array_equal(open_run(tmp_path / "run").snapshot(1, "test").target, target)


def test_only_chosen_epochs_are_stored(tmp_path: Path, data: TensorDataset) -> None:
    """Epochs that were not asked for are skipped, and capture says so."""
    model = Net()
    with Recorder(tmp_path / "run", classifier=model.fc, epochs=[2, 5]) as recorder:
        done = [recorder.capture(model, loader(data), split="train", epoch=epoch) for epoch in range(1, 6)]
    assert done == [False, True, False, False, True]
    assert open_run(tmp_path / "run").epochs() == [2, 5]


def test_classifier_without_bias_has_zero_bias(tmp_path: Path, data: TensorDataset) -> None:
    """A classifier without bias is stored with zeros."""
    model = Net()
    model.fc = nn.Linear(5, CLASSES, bias=False)
    with Recorder(tmp_path / "run", classifier=model.fc, epochs=1) as recorder:
        recorder.capture(model, loader(data), split="train", epoch=1)
    assert not np.asarray(open_run(tmp_path / "run").snapshot(1).bias).any()


def test_other_order_is_refused(tmp_path: Path, data: TensorDataset) -> None:
    """An iterable whose samples change places between epochs is an error, and the epoch does not count."""
    inputs, target = data.tensors
    model = Net()

    def record() -> None:
        with Recorder(tmp_path / "run", classifier=model.fc, epochs=2) as recorder:
            recorder.capture(model, [(inputs, target)], split="train", epoch=1)
            recorder.capture(model, [(inputs.flip(0), target.flip(0))], split="train", epoch=2)

    with pytest.raises(UsageError, match="another order in epoch 2"):
        record()
    assert open_run(tmp_path / "run").epochs() == [1]
    assert open_run(tmp_path / "run").manifest["status"] == "failed"


def test_classifier_must_not_change_between_splits(tmp_path: Path, data: TensorDataset) -> None:
    """Training between the captures of one epoch is noticed."""
    model = Net()
    with Recorder(tmp_path / "run", classifier=model.fc, epochs=1) as recorder:
        recorder.capture(model, loader(data), split="train", epoch=1)
        with torch.no_grad():
            model.fc.weight.add_(1)
        with pytest.raises(UsageError, match="classifier changed"):
            recorder.capture(model, loader(data), split="test", epoch=1)


def test_existing_run_is_not_overwritten(tmp_path: Path, data: TensorDataset) -> None:
    """A second Recorder on the same folder is refused."""
    model = Net()
    with Recorder(tmp_path / "run", classifier=model.fc, epochs=1) as recorder:
        recorder.capture(model, loader(data), split="train", epoch=1)
    with pytest.raises(FolderInUseError):
        Recorder(tmp_path / "run", classifier=model.fc, epochs=1)


def test_resuming_discards_later_epochs_and_keeps_the_first_provenance(tmp_path: Path, data: TensorDataset) -> None:
    """A Recorder that goes on after epoch 1 hides epoch 2 until it is captured again, and adds to the provenance."""
    model = Net()
    with Recorder(tmp_path / "run", classifier=model.fc, epochs=3, provenance={"who": "first"}) as recorder:
        for epoch in (1, 2):
            recorder.capture(model, loader(data), split="train", epoch=epoch)
    with Recorder(
        tmp_path / "run", classifier=model.fc, epochs=3, resume_after=1, provenance={"who": "second"}
    ) as again:
        again.flush()
        assert open_run(tmp_path / "run").epochs() == [1]
        for epoch in (2, 3):
            again.capture(model, loader(data), split="train", epoch=epoch)
    manifest = open_run(tmp_path / "run").manifest
    assert open_run(tmp_path / "run").epochs() == [1, 2, 3]
    assert (manifest["provenance"]["who"], manifest["resumed"][0]["who"]) == ("first", "second")


@pytest.mark.parametrize("broken", [[torch.zeros(3, 6)], [{"x": 1}]])
def test_batches_without_target_are_refused(tmp_path: Path, broken: list[Any]) -> None:
    """A batch that is no (input, target) pair is an error that says what was found."""
    model = Net()
    with (
        Recorder(tmp_path / "run", classifier=model.fc, epochs=1) as recorder,
        pytest.raises(UsageError, match="yields"),
    ):
        recorder.capture(model, broken, split="train", epoch=1)


def test_features_that_are_not_finite_are_refused(tmp_path: Path, data: TensorDataset) -> None:
    """Features with NaN are not stored; the error reaches the training thread and the epoch does not count."""
    model = Net()
    with torch.no_grad():
        first = model.body[0]
        assert isinstance(first, nn.Linear)
        first.bias[0] = torch.inf

    def record() -> None:
        with Recorder(tmp_path / "run", classifier=model.fc, epochs=1) as recorder:
            recorder.capture(model, loader(data), split="train", epoch=1)

    with pytest.raises(ArithmeticError, match="NaN or inf"):
        record()
    assert open_run(tmp_path / "run").epochs() == []


def test_worker_bounds_what_waits() -> None:
    """No more tasks than the capacity wait; the next submit blocks until one is done."""
    release, worker = threading.Event(), Worker("test")
    order: list[int] = []

    def wait() -> None:
        release.wait()
        order.append(0)

    worker.submit(wait)
    for number in range(1, CAPACITY + 1):
        worker.submit(partial(order.append, number))
    blocked = threading.Thread(target=worker.submit, args=(partial(order.append, 99),))
    blocked.start()
    blocked.join(timeout=0.2)
    assert blocked.is_alive()
    release.set()
    blocked.join()
    worker.close()
    assert order == [*range(CAPACITY + 1), 99]


def test_worker_raises_the_first_error_and_drops_the_rest() -> None:
    """After a failure nothing else runs, and the failure is raised where tasks are given."""
    done: list[int] = []
    worker = Worker("test")
    worker.submit(lambda: done.remove(7))
    with pytest.raises(ValueError, match="not in list"):
        worker.flush()
    worker.submit(lambda: done.append(1))
    worker.flush()
    worker.close()
    assert done == []
