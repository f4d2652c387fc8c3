"""What training and captures compute in, and what run.json says about it."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.amp import GradScaler
from train_cases import history, small_settings

from bceprobe import Recorder, open_run
from bceprobe.capture.precision import computing
from bceprobe.errors import UsageError
from bceprobe.train import make_plan, train
from bceprobe.train.checkpoint import collect_state, load_checkpoint, save_checkpoint
from bceprobe.train.session import make_session

if TYPE_CHECKING:
    from pathlib import Path

SHORT = {"optim__epochs": 2, "optim__milestones": []}
CPU = torch.device("cpu")


def outputs(precision: str) -> tuple[Any, dict[str, torch.dtype], torch.Tensor, torch.Tensor]:
    """Run one training batch; return the session, the data type of each layer's output, logits and features."""
    session = make_session(small_settings(precision=precision))
    kinds: dict[str, torch.dtype] = {}
    for name, module in session.model.named_modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(lambda _module, _inputs, made, name=name: kinds.update({name: made.dtype}))
    session.model.train()
    images, _ = session.train.batch(torch.arange(64))
    return session, kinds, *session.forward(images)


@pytest.mark.parametrize(("precision", "kind"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_layers_compute_in_the_precision_and_logits_in_float32(precision: str, kind: torch.dtype) -> None:
    """Convolutions give the precision's type; logits are those that float32 makes of the features, to the bit."""
    session, kinds, logits, features = outputs(precision)
    assert set(kinds.values()) == {kind}
    assert logits.dtype == features.dtype == torch.float32
    weight, bias = session.classifier.weight, session.classifier.bias
    assert torch.equal(logits, nn.functional.linear(features, weight, bias))
    assert torch.equal(features, features.to(kind).float())


def test_bfloat16_learns_what_float32_learns(tmp_path: Path) -> None:
    """With bfloat16 the loss falls as with float32, up to its rounding."""
    losses = {}
    for precision in ("fp32", "bf16"):
        folder = train(small_settings(precision=precision, **SHORT), tmp_path / precision)
        losses[precision] = float(history(folder)[-1]["loss"])
    assert losses["bf16"] == pytest.approx(losses["fp32"], rel=0.02)
    assert losses["bf16"] != losses["fp32"]


def last_model(folder: Path, **changes: Any) -> tuple[Any, Any]:
    """The session of a run with its last weights, and the features of its last epoch."""
    session = make_session(small_settings(**changes))
    load_checkpoint(folder, session.model, session.optimizer, session.scaler)
    return session, torch.from_numpy(open_run(folder).snapshot(2).features[:])


def test_captures_are_float32_whatever_training_is(tmp_path: Path) -> None:
    """A run in bfloat16 stores features that float32 computes from its weights, and says so."""
    changes = {"precision": "bf16", **SHORT}
    folder = train(small_settings(**changes), tmp_path / "run")
    session, stored = last_model(folder, **changes)
    session.model.eval()
    with torch.no_grad():
        for images, _ in session.captured["train"]:
            session.model(images)
            assert torch.equal(session.forward._tap.features, stored[: len(images)])  # noqa: SLF001 - what came last
            stored = stored[len(images) :]
    manifest = json.loads((folder / "run.json").read_text())
    assert manifest["capture"] == {"dtype": "float32", "mode": "eval", "computed_in": "float32", "tf32": False}
    assert manifest["provenance"]["precision"] == "bf16"


def test_captures_can_be_bfloat16(tmp_path: Path) -> None:
    """With capture.precision bf16 features carry 8 bits, in files of float32, and run.json says so."""
    folder = train(small_settings(capture__precision="bf16", **SHORT), tmp_path / "run")
    _, stored = last_model(folder)
    assert stored.dtype == torch.float32
    assert torch.equal(stored, stored.bfloat16().float())
    assert open_run(folder).manifest["capture"]["computed_in"] == "bfloat16"


@pytest.mark.parametrize("key", ["precision", "capture__precision"])
@pytest.mark.parametrize("precision", ["tf32", "fp16"])
def test_what_only_gpus_compute_is_refused_on_the_cpu(key: str, precision: str, tmp_path: Path) -> None:
    """TF32 and float16 are refused on the CPU with a hint, before anything is written."""
    with pytest.raises(UsageError, match=f"precision {precision} needs a CUDA device, not cpu. Use fp32 or bf16"):
        make_plan(small_settings(**{key: precision}))
    with pytest.raises(UsageError, match="needs a CUDA device"):
        train(small_settings(**{key: precision}), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_recorder_names_the_precisions_it_knows(tmp_path: Path) -> None:
    """A Recorder of one's own takes the same precisions; another one is refused."""
    with pytest.raises(UsageError, match=r"unknown precision 'float8'\. Use one of: fp32, tf32, bf16, fp16"):
        Recorder(tmp_path / "run", classifier=nn.Linear(3, 2), epochs=1, precision="float8")
    assert not (tmp_path / "run").exists()


def test_float32_is_float32_within_other_arithmetic() -> None:
    """Within TF32 and autocast a pass in float32 has neither, and afterwards both are as they were."""
    ones, flags = torch.ones(2, 2), (torch.backends.cuda.matmul, torch.backends.cudnn)
    with computing("tf32", CPU), torch.autocast("cpu", dtype=torch.bfloat16):
        with computing("fp32", CPU):
            assert (ones @ ones).dtype == torch.float32
            assert [place.allow_tf32 for place in flags] == [False, False]
        assert (ones @ ones).dtype == torch.bfloat16
        assert [place.allow_tf32 for place in flags] == [True, True]


def test_the_loss_scale_is_in_the_checkpoint(tmp_path: Path) -> None:
    """What float16 has learned about its loss scale is restored."""
    session = make_session(small_settings())
    scaler, fresh = (GradScaler("cpu", init_scale=scale, growth_interval=7) for scale in (32.0, 65536.0))
    scaler.scale(torch.ones(1))
    save_checkpoint(tmp_path, collect_state(4, session.model, session.optimizer, scaler))
    assert load_checkpoint(tmp_path, session.model, session.optimizer, fresh) == 4
    assert fresh.state_dict() == scaler.state_dict()


def test_compiled_runs_equal_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A traced model trains and captures as the model does, penalties on its features included, epoch after epoch."""
    changes = {"penalty__lambda_h": 0.05, **SHORT}
    plain = train(small_settings(**changes), tmp_path / "plain")
    torch.compiler.reset()
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    compiled = train(small_settings(compile=True, **changes), tmp_path / "compiled")
    one, two = (open_run(folder).snapshot(2).features[:] for folder in (plain, compiled))
    np.testing.assert_allclose(two, one, rtol=1e-3, atol=1e-4)


def test_compiling_without_a_compiler_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If torch.compile does not work here, that is said before anything is written."""

    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("Failed to find C++ compiler.\nA long story")

    monkeypatch.setattr(torch, "compile", fail)
    with pytest.raises(UsageError, match=r"^torch.compile fails: Failed to find C\+\+ compiler. Leave out --compile"):
        train(small_settings(compile=True), tmp_path / "run")
    assert not (tmp_path / "run").exists()
