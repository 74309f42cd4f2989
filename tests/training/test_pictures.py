"""What the fast engine does with pictures: the same numbers from memory that lies otherwise."""

import platform
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version

import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3.common.torch_layers import NatureCNN
from stable_baselines3.common.utils import obs_as_tensor

from retroml_edu.core.config import ALGORITHMS
from retroml_edu.core.control import Control
from retroml_edu.core.errors import TrainingError
from retroml_edu.core.events import MetricEvent
from retroml_edu.core.weights import PolicyWeights
from retroml_edu.envs.vector import make_vector_env
from retroml_edu.policies.build import build_policy
from retroml_edu.policies.small_pictures import SmallPictureNetwork
from retroml_edu.policies.weights import copy_weights
from retroml_edu.training import trainer_for
from retroml_edu.training.pictures import halves
from retroml_edu.training.pictures.allocator import keep_freed_memory
from retroml_edu.training.pictures.halves import FEWEST, Halves, Slope
from retroml_edu.training.pictures.layout import lay_out
from retroml_edu.training.pictures.network import PictureFeatures, PictureNetwork, channels_last
from retroml_edu.training.pictures.off_policy import PictureDQN
from retroml_edu.training.pictures.q_network import PictureQNetwork
from retroml_edu.training.pictures.rollout import PictureRollout

CLOSE = 1e-5


@pytest.fixture(scope="module")
def seen():
    """What four games of Breakout show after some steps, (4, 4, 84, 84)."""
    venv = make_vector_env("ALE/Breakout-v5", 4, seed=3)
    observations = venv.reset()
    for step in range(8):
        observations = venv.step(np.arange(4) + step & 3)[0]
    venv.close()
    return observations


@pytest.fixture
def policy(tiny):
    config = tiny("PPO", env_id="ALE/Breakout-v5", engine="fast")
    venv = make_vector_env(config.env_id, 1, seed=1)
    venv.close()
    return build_policy(config, venv.observation_space, venv.action_space)


def test_the_network_computes_what_the_policy_computes(policy, seen):
    logits, values = PictureNetwork(policy)(channels_last(seen))
    expected = policy.get_distribution(obs_as_tensor(seen, torch.device("cpu"))).distribution.logits
    assert torch.allclose(logits.log_softmax(1), expected, atol=CLOSE)
    assert torch.allclose(values, policy.predict_values(torch.from_numpy(seen)).squeeze(1), atol=CLOSE)
    assert torch.equal(values, PictureNetwork(policy).values(channels_last(seen)))


def test_the_gradients_are_the_policy_s(policy, seen):
    gradients = []
    for compute in (PictureNetwork(policy), lambda pictures: (policy.get_distribution(pictures), None)):
        policy.zero_grad()
        chosen, values = compute(channels_last(seen))
        log_probs = chosen.log_softmax(1) if values is not None else chosen.distribution.logits
        values = values if values is not None else policy.predict_values(torch.from_numpy(seen)).squeeze(1)
        (log_probs[:, 1].sum() + values.square().sum()).backward()
        gradients.append({name: value.grad.clone() for name, value in policy.named_parameters()})
    for name, gradient in gradients[0].items():
        assert torch.allclose(gradient, gradients[1][name], rtol=1e-3, atol=CLOSE), name


def test_what_small_pictures_are_mixed_with_stays_as_it_is():
    """Twice the change, and the newest, each times four: a model's weights do not say so."""
    change, newest = [-8.0, 8.0], [0.0, 4.0]
    assert SmallPictureNetwork(spaces.Box(0, 255, (2, 40, 40), np.uint8)).mixing.tolist() == [change, newest]


@pytest.mark.parametrize("kind", [NatureCNN, partial(SmallPictureNetwork, background=87)])
@pytest.mark.parametrize("lie", [channels_last, torch.from_numpy])
def test_features_and_their_slopes_are_the_extractor_s(kind, lie, seen):
    extractor = kind(spaces_of(seen)[0])
    pictures = np.tile(seen, (20, 1, 1, 1))
    weighting = torch.linspace(-1, 1, extractor.features_dim)
    told = []
    for compute in (PictureFeatures(extractor, "float32"), lambda pictures: extractor(pictures / 255)):
        features = compute(lie(pictures))
        slopes = torch.autograd.grad((features.square() @ weighting).sum(), list(extractor.parameters()))
        told.append([features, *slopes])
    for ours, theirs in zip(*told, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-3, atol=1e-4 * float(theirs.detach().abs().max()))


def test_coarse_numbers_give_nearly_the_same_preferences_values_and_slopes(policy, seen):
    pictures = channels_last(np.tile(seen, (20, 1, 1, 1)))
    told, slopes = [], []
    for precision in ("float32", "bfloat16"):
        logits, values = PictureNetwork(policy, precision)(pictures)
        told.append(torch.cat([logits.detach().flatten(), values.detach()]))
        loss = logits.log_softmax(1)[:, 1].sum() + values.square().sum()
        gradients = torch.autograd.grad(loss, list(policy.parameters()))
        slopes.append(torch.cat([gradient.flatten() for gradient in gradients]))
        few, _ = PictureNetwork(policy, precision)(pictures[:4])
        assert torch.allclose(few, logits[:4], rtol=0.02, atol=1e-3)
    (fine, coarse), (fine_slope, coarse_slope) = told, slopes
    assert coarse.dtype == coarse_slope.dtype == torch.float32
    assert 0 < (fine - coarse).norm() < 0.02 * fine.norm()
    assert torch.cosine_similarity(fine_slope, coarse_slope, dim=0) > 0.99


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_computes_as_finely_as_it_is_told(tiny, algorithm):
    learned = []
    for precision in ("float32", "bfloat16"):
        config = tiny(algorithm, env_id="ALE/Breakout-v5", steps=128, engine="fast", device="cpu", precision=precision)
        model = trainer_for(config).train(config, lambda event: None, Control())
        assert model.facts["precision"] == precision
        learned.append(np.concatenate([array.ravel() for array in model.weights.arrays.values()]))
    fine, coarse = learned
    assert coarse.dtype == np.float32
    assert 0 < np.abs(fine - coarse).mean() < 0.01


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_weights_that_were_changed_are_calculated_with(policy, seen, precision):
    """Rounded weights are kept from call to call."""
    lay_out(policy)
    network, parameters, pictures = PictureNetwork(policy, precision), list(policy.parameters()), channels_last(seen)
    first = {name: value.clone() for name, value in policy.state_dict().items()}

    def values():
        with torch.inference_mode():
            return network.values(pictures)

    before = values()
    loss = network(pictures)[1].sum()
    Slope(torch.autograd.grad(loss, parameters, materialize_grads=True), {}).descend(policy.optimizer, parameters, 1)
    stepped = values()
    assert not torch.equal(stepped, before)
    assert torch.equal(stepped, PictureNetwork(policy, precision).values(pictures))
    policy.load_state_dict(first)
    assert torch.equal(values(), before)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_dqn_learns_from_its_target_network_as_it_is(tiny, precision, monkeypatch):
    targets = []
    part = PictureDQN._part

    def watched(self, batch, which):
        told = self._target_values(batch.next_observations)
        assert torch.equal(told, PictureQNetwork(self.q_net_target, precision)(batch.next_observations))
        targets.append(self.q_net_target.q_net[-1].bias.sum().item())
        return part(self, batch, which)

    monkeypatch.setattr(PictureDQN, "_part", watched)
    settings = {"target_update_interval": 16}
    config = tiny("DQN", env_id="ALE/Breakout-v5", steps=128, engine="fast", device="cpu", hyperparameters=settings)
    config = config.model_copy(update={"precision": precision})
    trainer_for(config).train(config, lambda event: None, Control())
    assert len(set(targets)) > 2


def spaces_of(seen):
    return spaces.Box(0, 255, seen.shape[1:], np.uint8), spaces.Discrete(4)


def test_the_rollout_gives_back_what_it_was_given(seen):
    buffer = PictureRollout(3, *spaces_of(seen), n_envs=4, rng=np.random.default_rng(0), poll=lambda: None)
    for step in range(3):
        nothing = np.zeros(4, np.float32)
        buffer.add(seen + step, np.zeros((4, 1)), nothing, nothing, torch.zeros(4), torch.zeros(4))
    with buffer.by_environment():
        samples = buffer._get_samples(np.array([0, 4, 11]))
    pictures = samples.observations.part(slice(0, 3))
    assert pictures.is_contiguous(memory_format=torch.channels_last)
    # By environment: the first step of environment 0, the second of 1, the third of 3.
    assert np.array_equal(pictures.numpy(), np.stack([seen[0], seen[1] + 1, seen[3] + 2]))
    assert torch.equal(samples.observations.part(slice(1, 3)), pictures[1:])
    assert np.array_equal(buffer.collected()["observations"], np.stack([seen, seen + 1, seen + 2]))


def test_the_rollout_keeps_its_memory(seen):
    buffer = PictureRollout(2, *spaces_of(seen), n_envs=4, rng=np.random.default_rng(0), poll=lambda: None)
    before = buffer.observations
    buffer.pos, buffer.full = 2, True
    buffer.reset()
    assert buffer.observations is before
    assert (buffer.pos, buffer.full) == (0, False)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt is glibc's")
def test_freed_memory_is_kept():
    assert keep_freed_memory()


@pytest.mark.parametrize("algorithm", ["PPO", "A2C"])
def test_the_model_says_what_it_was_computed_with(tiny, algorithm):
    config = tiny(algorithm, env_id="ALE/Breakout-v5", steps=16, engine="fast", device="cpu")
    model = trainer_for(config).train(config, lambda event: None, Control())
    assert model.facts["engine"] == "fast"
    assert model.facts["engine_version"] == version("torch")


def test_what_is_no_number_is_found_where_an_early_stop_is_asked_for_too(tiny, policy):
    config = tiny(
        "PPO", env_id="ALE/Breakout-v5", steps=32, engine="fast", device="cpu", hyperparameters={"target_kl": 0.01}
    )
    weights = copy_weights(policy)
    # Each is a number, and small enough to have a length; what comes of them in a row is none.
    weights["features_extractor.cnn.4.weight"] *= 1e9
    weights["features_extractor.linear.0.weight"] *= 1e15
    weights["action_net.weight"][:] = 1e17
    weights["value_net.weight"][:] = 0
    with pytest.raises(TrainingError, match="not-a-number"):
        trainer_for(config).train(config, lambda event: None, Control(), PolicyWeights(0, weights))


def test_dqn_finds_what_is_no_number(tiny):
    config = tiny("DQN", env_id="ALE/Breakout-v5", steps=64, engine="fast", device="cpu")
    weights = trainer_for(config).train(config, lambda event: None, Control()).weights.arrays
    weights = {name: 1e15 * array if "cnn" in name else array for name, array in weights.items()}
    with pytest.raises(TrainingError, match="not-a-number"):
        trainer_for(config).train(config, lambda event: None, Control(), PolicyWeights(0, weights))


@pytest.fixture
def four_threads():
    """Of torch: tests have one, and so one that is halved would be the same."""
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("four_threads")
def test_halves_are_computed_side_by_side_each_by_half_of_torch_s_threads():
    meet = threading.Barrier(2, timeout=30)
    seen = []

    def compute(which):
        meet.wait()  # breaks if the second half waits for the first
        seen.append((which, torch.get_num_threads(), threading.get_ident()))
        return Slope([torch.full((2,), float(which.stop - which.start))], {"size": which.stop - which.start})

    slope = Halves()(compute, 2 * FEWEST + 1)
    halves = sorted((which.start, which.stop, threads) for which, threads, _ in seen)
    assert halves == [(0, FEWEST, 2), (FEWEST, 2 * FEWEST + 1, 2)]
    assert len({thread for _, _, thread in seen} | {threading.get_ident()}) == 3
    assert slope.gradients[0].tolist() == [2 * FEWEST + 1] * 2
    assert slope.told == {"size": 2 * FEWEST + 1}
    assert torch.get_num_threads() == 4
    # Others that begin now have torch's usual count.
    assert ThreadPoolExecutor(1).submit(torch.get_num_threads).result() == 4


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_halves_learn_what_the_whole_learns(tiny, algorithm, monkeypatch):
    learned, measured = [], []
    for fewest in (2, 10_000):
        monkeypatch.setattr(halves, "FEWEST", fewest)
        config = tiny(algorithm, env_id="ALE/Breakout-v5", steps=128, engine="fast", device="cpu")
        events = []
        model = trainer_for(config).train(config, events.append, Control())
        learned.append(model.weights.arrays)
        told = [event.values for event in events if isinstance(event, MetricEvent)]
        measured.append([{name: value for name, value in values.items() if "train/" in name} for values in told])
    for name, array in learned[0].items():
        assert np.allclose(array, learned[1][name], rtol=1e-3, atol=1e-5), name
    in_halves, whole = measured
    assert len(in_halves) == len(whole) > 1
    for one, other in zip(in_halves, whole, strict=True):
        # Counted, not measured: a step at the very edge is on this side of it or on the other.
        clipped = [values.pop("train/clip_fraction", 0.0) for values in (one, other)]
        assert abs(clipped[0] - clipped[1]) <= 1 / 32
        assert one == pytest.approx(other, rel=1e-2, abs=1e-4)


def test_a_small_batch_is_computed_whole_and_where_it_is():
    slope = Halves()(lambda which: Slope([], {"thread": threading.get_ident(), "all": which.stop}), 2 * FEWEST - 1)
    assert slope.told == {"thread": threading.get_ident(), "all": 2 * FEWEST - 1}


@pytest.mark.parametrize("broken", [0, FEWEST])
def test_a_half_that_fails_is_told_when_both_have_ended(broken):
    ended = []

    def compute(which):
        if which.start == broken:
            raise ValueError("no numbers")
        time.sleep(0.05)
        ended.append(which)
        return Slope([], {})

    with pytest.raises(ValueError, match="no numbers"):
        Halves()(compute, 2 * FEWEST)
    assert len(ended) == 1


def test_a_step_is_the_stock_optimiser_s_however_gradients_lie_in_memory(policy, seen):
    parameters = list(policy.parameters())
    plain = [parameter.detach().clone() for parameter in parameters]
    lay_out(policy)
    assert any(not parameter.is_contiguous() for parameter in parameters)
    learning_rate = policy.optimizer.param_groups[0]["lr"]
    stock = torch.optim.Adam(plain, lr=learning_rate, eps=1e-5, foreach=False, fused=False)
    for order in (torch.contiguous_format, torch.channels_last):
        logits, values = PictureNetwork(policy)(channels_last(seen))
        gradients = torch.autograd.grad(1e3 * logits.square().sum() + values.sum(), parameters)
        lie = [one.contiguous(memory_format=order) if one.dim() == 4 else one for one in gradients]
        for one, gradient in zip(plain, gradients, strict=True):
            one.grad = gradient.clone().contiguous()
        norm = Slope(lie, {}).descend(policy.optimizer, parameters, 0.5)
        assert norm == pytest.approx(float(torch.nn.utils.clip_grad_norm_(plain, 0.5)))
        stock.step()
        for one, parameter in zip(plain, parameters, strict=True):
            assert torch.allclose(one, parameter, rtol=1e-4, atol=1e-7)


def test_threads_of_halves_end_with_them():
    def running():
        return [thread for thread in threading.enumerate() if thread.name == "retroml-half"]

    before = running()
    halves = Halves()
    halves(lambda which: Slope([torch.zeros(1)], {}), 2 * FEWEST)
    own = [thread for thread in running() if thread not in before]
    assert len(own) == 2
    del halves
    for thread in own:
        thread.join(10)
        assert not thread.is_alive()
