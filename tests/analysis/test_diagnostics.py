"""Errors of the machine are recognised by what they really say, and others are left alone.

Texts that could be made to occur here are made to occur in the second half. The others were taken down from where they
are named: they need a GPU, a Mac, Windows or a broken installation.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import av
import gymnasium as gym
import numpy as np
import pytest
import torch

from retroml_edu.analysis.diagnostics import KNOWN, diagnose, explained, one_line, story
from retroml_edu.core.errors import EnvironmentUnusableError, Problem, StorageError, TrainingError
from retroml_edu.envs.make import make_env
from retroml_edu.storage.atomic import write_text

OTHERWISE = Problem("", "Something went wrong.")

RECORDED = [
    # https://github.com/pytorch/pytorch/issues/16417, PyTorch 2
    (
        "cuda_memory",
        (
            "OutOfMemoryError: CUDA out of memory. Tried to allocate 22.00 MiB. GPU 0 has a total capacity of 23.65 "
            "GiB of "
            "which 11.06 MiB is free. Including non-PyTorch memory, this process has 23.60 GiB memory in use."
        ),
    ),
    # the same, PyTorch 1
    (
        "cuda_memory",
        (
            "RuntimeError: CUDA out of memory. Tried to allocate 12.50 MiB (GPU 0; 10.92 GiB total capacity; 8.57 MiB "
            "already "
            "allocated; 9.28 GiB free; 4.68 MiB cached)"
        ),
    ),
    # https://github.com/lllyasviel/Fooocus/issues/1313
    (
        "cuda_driver_old",
        (
            "RuntimeError: The NVIDIA driver on your system is too old (found version 11040). Please update your GPU "
            "driver by "
            "downloading and installing a new version from the URL: http://www.nvidia.com/Download/index.aspx "
            "Alternatively, "
            "go to: https://pytorch.org to install a PyTorch version that has been compiled with your version of the "
            "CUDA "
            "driver."
        ),
    ),
    # c10/cuda/CUDAFunctions.cpp of PyTorch
    (
        "cuda_absent",
        (
            "RuntimeError: Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU and "
            "installed a "
            "driver from http://www.nvidia.com/Download/index.aspx"
        ),
    ),
    # https://github.com/ostris/ai-toolkit/issues/530
    (
        "cuda_no_kernel",
        (
            "AcceleratorError: CUDA error: no kernel image is available for execution on the device CUDA kernel errors "
            "might be "
            "asynchronously reported at some other API call, so the stacktrace below might be incorrect. For debugging "
            "consider "
            "passing CUDA_LAUNCH_BLOCKING=1 Compile with `TORCH_USE_CUDA_DSA` to enable device-side assertions."
        ),
    ),
    # https://github.com/Turoad/CLRNet/issues/83
    (
        "cuda_no_kernel",
        (
            "NVIDIA GeForce RTX 3090 with CUDA capability sm_86 is not compatible with the current PyTorch "
            "installation.\nThe "
            "current PyTorch install supports CUDA capabilities sm_37 sm_50 sm_60 sm_70."
        ),
    ),
    # https://github.com/pytorch/pytorch/issues/86195
    (
        "mps_operation",
        (
            "NotImplementedError: The operator 'aten::_slow_conv2d_forward' is not currently implemented for the MPS "
            "device. If "
            "you want this op to be added in priority during the prototype phase of this feature, please comment on "
            "https://github.com/pytorch/pytorch/issues/77764. As a temporary fix, you can set the environment variable "
            "`PYTORCH_ENABLE_MPS_FALLBACK=1` to use the CPU as a fallback for this op."
        ),
    ),
    # https://github.com/pytorch/pytorch/issues/77764: "current", as early versions wrote
    (
        "mps_operation",
        "NotImplementedError: The operator 'aten::_index_put_impl_' is not current implemented for the MPS device.",
    ),
    # https://github.com/pytorch/pytorch/issues/130112
    (
        "mps_memory",
        (
            "RuntimeError: MPS backend out of memory (MPS allocated: 5.50 GB, other allocations: 14.76 GB, max "
            "allowed: "
            "20.40 "
            "GB). Tried to allocate 147.24 MB on private pool. Use PYTORCH_MPS_HIGH_WATERMARK_RATIO=0.0 to disable "
            "upper "
            "limit "
            "for memory allocations (may cause system failure)."
        ),
    ),
    # https://github.com/pytorch/pytorch/issues/108861
    (
        "shared_memory",
        (
            "RuntimeError: DataLoader worker (pid 11011) is killed by signal: Bus error. It is possible that "
            "dataloader's "
            "workers "
            "are out of shared memory. Please try to raise your shared memory limit."
        ),
    ),
    # retroml_edu/envs/workers/worker.py, after kill -BUS and kill -KILL
    (
        "shared_memory",
        "The process of environments 1 to 2 ended (exit code -7); the system may have stopped it for lack of memory.",
    ),
    (
        "killed",
        "The process of environments 1 to 2 ended (exit code -9); the system may have stopped it for lack of memory.",
    ),
    # https://github.com/Farama-Foundation/Arcade-Learning-Environment/issues/564
    (
        "atari_rom",
        (
            'Error: We\'re Unable to find the game "Assault". Note: Gymnasium no longer distributes ROMs. If you own a '
            "license to "
            "use the necessary ROMs for research purposes you can download them via `pip install "
            "gymnasium[accept-rom-license]`."
        ),
    ),
    # https://github.com/cyndilib/cyndilib/issues/5
    (
        "numpy_versions",
        (
            "ValueError: numpy.dtype size changed, may indicate binary incompatibility. Expected 96 from C header, got "
            "88 "
            "from "
            "PyObject"
        ),
    ),
    # NumPy 2's own warning (numpy/core/_multiarray_umath.py)
    (
        "numpy_versions",
        (
            "A module that was compiled using NumPy 1.x cannot be run in\nNumPy 2.0.0 as it may crash. To support both "
            "1.x "
            "and 2.x\n"
            "versions of NumPy, modules must be compiled with NumPy 2.0."
        ),
    ),
    # https://github.com/pytorch/pytorch/issues/131662, Windows
    (
        "torch_library",
        (
            "OSError: [WinError 126] The specified module could not be found. Error loading "
            '"c:\\Users\\Noor\\anaconda3\\envs\\DL\\'
            'Lib\\site-packages\\torch\\lib\\fbgemm.dll" or one of its dependencies.'
        ),
    ),
    # https://github.com/hiyouga/LlamaFactory/issues/5132: Windows speaks its own language
    (
        "torch_library",
        (
            'OSError: [WinError 126] 找不到指定的模块。 Error loading "D:\\mysoft\\torch\\lib\\fbgemm.dll" or one '
            "of its dependencies"
        ),
    ),
    # https://github.com/higlass/higlass-python/issues/133, in the page
    (
        "widgets_frontend",
        (
            "Failed to load model class 'AnyModel' from module 'anywidget'\nError: No version of module anywidget is "
            "registered"
        ),
    ),
    # https://github.com/candle-org/MindAct/issues/636, in the page
    ("widgets_frontend", "Error displaying widget: model not found"),
    # what Windows says
    ("disk_full", "OSError: [WinError 112] There is not enough space on the disk: 'C:\\\\runs\\\\metrics.jsonl'"),
    ("disk_full", "OperationalError: (sqlite3.OperationalError) database or disk is full"),
    ("read_only", "OperationalError: (sqlite3.OperationalError) attempt to write a readonly database"),
]


@pytest.mark.parametrize(("name", "text"), RECORDED)
def test_a_text_that_was_taken_down_is_recognised(name, text):
    known = diagnose(text)
    assert known is not None
    assert known.name == name


def raised(work):
    """Return the exception that a piece of work ends with."""
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - which one is what the test is about
        work()
    return caught.value


def elsewhere(code):
    """Return the last line that a process writes before it ends with an error."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode
    return done.stderr.strip().splitlines()[-1]


def on_a_full_disk():
    with open("/dev/full", "w", encoding="utf-8") as file:  # noqa: PTH123 - a device of the system
        file.write("x" * 1_000_000)


def without(monkeypatch, module, work):
    """Do something where a module is not installed."""
    for name in [name for name in sys.modules if name == module or name.startswith(f"{module}.")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.startswith("gymnasium.envs.box2d")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    return raised(work)


HERE = {
    "memory of torch": ("memory", lambda: torch.empty(10**15)),
    "memory of numpy": ("memory", lambda: np.empty(10**15)),
    "memory of Python, which says nothing at all": ("memory", lambda: bytearray(10**15)),
    "a video encoder that is not there": (
        "video_codec",
        lambda: av.open(os.devnull, "w", format="mp4").add_stream("libx265z", rate=10),
    ),
    "an Atari game that the emulator does not bring": ("atari_rom", lambda: gym.make("ALE/Pong-v5", game="pongg")),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "work"), HERE.values(), ids=HERE)
def test_an_error_that_occurs_is_recognised(name, work):
    error = raised(work)
    assert diagnose(story(error)).name == name


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_cuda_on_a_machine_without_it():
    assert diagnose(story(raised(lambda: torch.zeros(1, device="cuda")))).name == "cuda_absent"


@pytest.mark.skipif(sys.platform == "darwin", reason="needs a machine without an Apple GPU")
def test_mps_on_a_machine_without_it():
    assert diagnose(story(raised(lambda: torch.zeros(1, device="mps")))).name == "mps_operation"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux' full device")  # noqa: PTH110
def test_a_full_disk():
    error = raised(on_a_full_disk)
    assert error.errno == errno.ENOSPC
    assert diagnose(story(error)).name == "disk_full"


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX")
def test_a_folder_that_may_not_be_written(tmp_path):
    text = os.strerror(errno.EACCES)
    assert diagnose(story(PermissionError(errno.EACCES, text, str(tmp_path)))).name == "read_only"
    read_only = OSError(errno.EROFS, os.strerror(errno.EROFS), str(tmp_path))
    assert diagnose(story(read_only)).name == "read_only"


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of POSIX")
def test_too_many_open_files():
    said = elsewhere(
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))\n"
        "opened = [open('/dev/null') for _ in range(50)]"
    )
    assert diagnose(said).name == "many_files"


def test_a_video_package_that_is_not_there():
    assert diagnose(elsewhere("import sys\nsys.modules['av'] = None\nimport av")).name == "video_package"


def test_a_file_that_is_no_video(tmp_path):
    file = tmp_path / "no.mp4"
    file.write_bytes(b"hello" * 100)
    assert diagnose(story(raised(lambda: av.open(str(file))))).name == "video_file"


def test_an_encoder_that_refuses():
    stream = av.open(os.devnull, "w", format="mp4").add_stream("libx264", rate=10)
    stream.width, stream.height, stream.pix_fmt = 63, 63, "yuv420p"  # H.264 wants even sides
    picture = av.VideoFrame.from_ndarray(np.zeros((63, 63, 3), np.uint8), format="rgb24")
    assert diagnose(story(raised(lambda: stream.encode(picture)))).name == "video_codec"


def test_box2d_that_is_not_there(monkeypatch):
    error = without(monkeypatch, "Box2D", lambda: make_env("LunarLander-v3", seed=1))
    assert isinstance(error, EnvironmentUnusableError)
    assert diagnose(story(error)).name == "box2d"


def test_an_environment_whose_package_is_not_there(monkeypatch):
    error = without(monkeypatch, "mujoco", lambda: make_env("HalfCheetah-v5", seed=1))
    assert diagnose(story(error)).name == "gymnasium_extra"


OTHER = [
    "",
    "KeyError: 'observation'",
    (
        "ValueError: Expected parameter loc (Tensor of shape (64, 2)) of distribution Normal to satisfy the constraint "
        "Real()"
    ),
    "RuntimeError: mat1 and mat2 shapes cannot be multiplied (64x4 and 8x64)",
    "RuntimeError: Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!",
    "RuntimeError: CUDA error: device-side assert triggered",
    "AssertionError: the agent has 3 lives left",
    "FileNotFoundError: [Errno 2] No such file or directory: '/runs/video.mp4'",
    "ConnectionRefusedError: [Errno 111] Connection refused",
    "IsADirectoryError: [Errno 21] Is a directory: '/home/a/memory error'",
    "ZeroDivisionError: division by zero",
    "TypeError: CartPole.step() missing 1 required positional argument: 'action'",
    "NameNotFound: Environment `Pongg` doesn't exist.",
    "The process of environments 1 to 2 ended (exit code 1); the system may have stopped it for lack of memory.",
    'No environment is called "CartPool-v1". Did you mean "CartPole-v1"?',
    (
        "batch_size=64 is larger than the rollout of n_steps*n_envs=32: lower 'Mini-batch' to 32 or raise 'Rollout "
        "length'."
    ),
    "This panel is training already (step 100 of 10,000). Stop that run first, or open a second panel with Lab().",
    "my game says: the memory of the player is full",
    "NotImplementedError: this environment cannot be rendered",
    "OSError: [Errno 98] Address already in use",
    "TimeoutError: [Errno 110] Connection timed out",
    "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
    "ImportError: cannot import name 'Agent' from 'my_agent' (/home/a/my_agent.py)",
]


@pytest.mark.parametrize("text", OTHER)
def test_other_errors_are_left_alone(text):
    assert diagnose(text) is None
    assert explained(text, OTHERWISE) is OTHERWISE


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
def test_what_the_help_says_of_a_problem_is_recognised_as_that_problem(known):
    assert diagnose(known.says) is known
    assert all(text.endswith((".", '")')) for text in (known.cause, known.remedy))


def test_names_are_told_apart():
    names = [known.name for known in KNOWN]
    assert len(set(names)) == len(names)


def test_the_problem_has_cause_remedy_and_the_computer_s_own_words():
    text = RECORDED[0][1]
    told = explained(text, Problem("", "Training failed.", severity="warning"))
    assert told.message.startswith("The GPU has no memory left. ")
    assert "Device" in told.remedy
    assert (told.original, told.severity, told.topic) == (text, "warning", "problem:cuda_memory")


def test_what_an_error_came_from_counts():
    def work():
        try:
            torch.empty(10**15)
        except RuntimeError as error:
            raise TrainingError("The buffer could not be made.") from error

    assert diagnose(story(raised(work))).name == "memory"


def test_a_ring_of_errors_has_an_end():
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert story(first).startswith("ValueError: first\nValueError: second")


def test_a_text_of_megabytes_is_looked_at_in_no_time_at_both_ends():
    assert diagnose("x" * 5_000_000 + "\nOSError: [Errno 28] No space left on device").name == "disk_full"


def test_one_line_has_the_error_and_the_way_out():
    line = one_line(raised(lambda: bytearray(10**15)))
    assert line.startswith("MemoryError. This machine has no memory left for that: ")
    assert "\n" not in one_line(ValueError("two\nlines"))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux")  # noqa: PTH110
def test_one_line_does_not_say_the_way_out_twice(tmp_path):
    error = raised(lambda: write_text(tmp_path / "not there" / "a.txt", "a"))
    assert isinstance(error, StorageError)
    assert one_line(error) == str(error)
