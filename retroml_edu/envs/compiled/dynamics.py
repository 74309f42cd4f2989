"""One step of each game, with the roundings of Gymnasium's own.

The equations of motion are those of Barto, Sutton & Anderson (1983; CartPole, with the friction left out, after Florian
2007), Moore (1990; MountainCar), Sutton & Barto (2018, section 11.3 of the first edition; Acrobot), and a rod on a
motor (Pendulum), in the form that Gymnasium 1.x gives them (https://gymnasium.farama.org/environments/classic_control).
To come out the same to the last bit, each sum is done in Gymnasium's order and each number is rounded where numpy
rounds it (NEP 50: a float32 and a Python number make a float32). Compiled without fast mathematics for that reason.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from retroml_edu.core.compilation import compiled

Floats = npt.NDArray[np.float64]

_POLE_ANGLE = 12 * 2 * math.pi / 360
_POWER = np.float32(0.0015)
_CAR_SPEED = np.float32(0.07)
_CAR_LEFT, _CAR_RIGHT, _CAR_GOAL = np.float32(-1.2), np.float32(0.6), np.float32(0.45)
_SMALL, _THREE = np.float32(0.001), np.float32(3.0)
_TORQUE = np.float32(2.0)


@compiled()
def squared(x: float) -> float:
    """Return what Python and numpy have for ``x**2``.

    That is C's `pow`, whose last bit is not always that of ``x * x``. The compiler would put the one for the other if
    it saw the exponent, and it cannot see through ``0.0 * x``, which might be no number.
    """
    return math.pow(x, 2.0 + 0.0 * x)


@compiled()
def squared_single(x: np.float32) -> np.float32:
    """Return ``x**2`` as numpy has it for float32."""
    return math.pow(x, _TORQUE + np.float32(0.0) * x)  # type: ignore[return-value]  # float32 where it is compiled


@compiled()
def step_cart_pole(states: Floats, i: int, action: np.float32) -> tuple[float, bool]:
    """Push the cart to the left (0) or right (1). State: place, speed, angle, angular speed."""
    place, speed, angle, turning = states[i, 0], states[i, 1], states[i, 2], states[i, 3]
    force = 10.0 if action == 1 else -10.0
    cosine, sine = math.cos(angle), math.sin(angle)
    # mass of the pole times half its length: 0.1 * 0.5; of both: 0.1 + 1.0
    pull = (force + 0.05 * (turning * turning) * sine) / 1.1
    turned = (9.8 * sine - cosine * pull) / (0.5 * (4.0 / 3.0 - 0.1 * (cosine * cosine) / 1.1))
    pushed = pull - 0.05 * turned * cosine / 1.1
    place += 0.02 * speed
    angle += 0.02 * turning
    states[i, 0] = place
    states[i, 1] = speed + 0.02 * pushed
    states[i, 2] = angle
    states[i, 3] = turning + 0.02 * turned
    return 1.0, place < -2.4 or place > 2.4 or angle < -_POLE_ANGLE or angle > _POLE_ANGLE


@compiled()
def step_mountain_car(states: Floats, i: int, action: np.float32) -> tuple[float, bool]:
    """Drive left (0), roll (1) or drive right (2). State: place, speed."""
    place, speed = states[i, 0], states[i, 1]
    speed += (np.float64(action) - 1.0) * 0.001 + math.cos(3.0 * place) * -0.0025
    speed = min(max(speed, -0.07), 0.07)
    place += speed
    place = min(max(place, -1.2), 0.6)
    if place == -1.2 and speed < 0.0:
        speed = 0.0
    states[i, 0], states[i, 1] = place, speed
    return -1.0, place >= 0.5 and speed >= 0.0


@compiled()
def step_mountain_car_continuous(states: Floats, i: int, action: np.float32, is_first: bool) -> tuple[float, bool]:
    """Drive with a force from -1 to 1; state: place, speed.

    Gymnasium keeps the state of a reset as float64 and every later one as float32, and a force that it had to cut is a
    Python number where any other is a float32.
    """
    cut = 0.0
    if action < -1.0:
        cut = -1.0
    elif action > 1.0:
        cut = 1.0
    if is_first:
        place, speed = states[i, 0], states[i, 1]
        pull = 0.0025 * math.cos(3.0 * place)
        speed += cut * 0.0015 - pull if cut != 0.0 else np.float64(action * _POWER - np.float32(pull))
        speed = min(max(speed, -0.07), 0.07)
        place = min(max(place + speed, -1.2), 0.6)
        if place == -1.2 and speed < 0.0:
            speed = 0.0
        done = place >= 0.45 and speed >= 0.0
        states[i, 0], states[i, 1] = np.float32(place), np.float32(speed)
    else:
        at, pace = np.float32(states[i, 0]), np.float32(states[i, 1])
        pull = 0.0025 * math.cos(np.float64(_THREE * at))
        pace += np.float32(cut * 0.0015 - pull) if cut != 0.0 else action * _POWER - np.float32(pull)
        pace = min(max(pace, -_CAR_SPEED), _CAR_SPEED)
        at = min(max(at + pace, _CAR_LEFT), _CAR_RIGHT)
        if at == _CAR_LEFT and pace < 0.0:
            pace = np.float32(0.0)
        done = at >= _CAR_GOAL and pace >= 0.0
        states[i, 0], states[i, 1] = at, pace
    return (100.0 if done else 0.0) - np.float64(action) * np.float64(action) * 0.1, done


@compiled()
def acrobot_pull(torque: float, first: float, second: float, turn_1: float, turn_2: float) -> tuple[float, float]:
    """Return the angular accelerations of both links: all masses, lengths and inertias are 1, centres half-way."""
    sine = math.sin(second)
    inertia = 0.25 + (1.25 + 1.0 * math.cos(second)) + 1.0 + 1.0
    coupling = (0.25 + 0.5 * math.cos(second)) + 1.0
    weight_2 = 0.5 * 9.8 * math.cos(first + second - math.pi / 2.0)
    weight_1 = (
        -0.5 * squared(turn_2) * sine
        - 1.0 * turn_2 * turn_1 * sine
        + 1.5 * 9.8 * math.cos(first - math.pi / 2)
        + weight_2
    )
    turned_2 = (torque + coupling / inertia * weight_1 - 0.5 * squared(turn_1) * sine - weight_2) / (
        1.25 - squared(coupling) / inertia
    )
    turned_1 = -(coupling * turned_2 + weight_1) / inertia
    return turned_1, turned_2


@compiled()
def wrapped(angle: float) -> float:
    """Return the angle between -π and π, full turns taken off one by one."""
    while angle > math.pi:
        angle = angle - 2 * math.pi
    while angle < -math.pi:
        angle = angle + 2 * math.pi
    return angle


@compiled()
def step_acrobot(states: Floats, i: int, action: np.float32) -> tuple[float, bool]:
    """Turn the joint with a torque of action - 1. State: angles of both links, their angular speeds.

    One step of the classical Runge-Kutta method.
    """
    torque = min(max(np.float64(action) - 1.0, -1.0), 1.0)  # an action that is none must not spin it beyond all bounds
    a, b, c, d = states[i, 0], states[i, 1], states[i, 2], states[i, 3]
    step, half = 0.2, 0.2 / 2.0
    c1, d1 = acrobot_pull(torque, a, b, c, d)
    a2, b2 = c + half * c1, d + half * d1
    c2, d2 = acrobot_pull(torque, a + half * c, b + half * d, a2, b2)
    a3, b3 = c + half * c2, d + half * d2
    c3, d3 = acrobot_pull(torque, a + half * a2, b + half * b2, a3, b3)
    a4, b4 = c + step * c3, d + step * d3
    c4, d4 = acrobot_pull(torque, a + step * a3, b + step * b3, a4, b4)
    sixth = step / 6.0
    first = wrapped(a + sixth * (c + 2 * a2 + 2 * a3 + a4))
    second = wrapped(b + sixth * (d + 2 * b2 + 2 * b3 + b4))
    states[i, 0], states[i, 1] = first, second
    states[i, 2] = min(max(c + sixth * (c1 + 2 * c2 + 2 * c3 + c4), -4 * math.pi), 4 * math.pi)
    states[i, 3] = min(max(d + sixth * (d1 + 2 * d2 + 2 * d3 + d4), -9 * math.pi), 9 * math.pi)
    done = -math.cos(first) - math.cos(second + first) > 1.0
    return 0.0 if done else -1.0, done


@compiled()
def step_pendulum(states: Floats, i: int, action: np.float32) -> tuple[float, bool]:
    """Turn the rod with a torque from -2 to 2. State: angle from upright, angular speed, the torque that was used."""
    angle, turning = states[i, 0], states[i, 1]
    torque = min(max(action, -_TORQUE), _TORQUE)
    from_upright = (angle + math.pi) % (2 * math.pi) - math.pi
    cost = squared(from_upright) + 0.1 * squared(turning) + np.float64(_SMALL * squared_single(torque))
    turning = turning + (15.0 * math.sin(angle) + np.float64(_THREE * torque)) * 0.05
    turning = min(max(turning, -8.0), 8.0)
    states[i, 0] = angle + turning * 0.05
    states[i, 1] = turning
    states[i, 2] = torque
    return -cost, False
