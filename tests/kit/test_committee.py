"""Saad & Solla (1995): the error of a soft committee machine is known from overlaps alone."""

from math import erf, sqrt

import jax
import numpy as np
import pytest

from axiom.kit import chance, committee
from axiom.kit.models import Layer


def drawn(purpose, inputs, units, scale=1.0):
    return scale * chance.stream(3, purpose).standard_normal((inputs, units))


def test_a_teacher_has_columns_at_right_angles():
    known = committee.overlaps(drawn("student", 12, 5), committee.orthogonal(chance.stream(1, "t"), inputs=12, units=4))
    assert known.taught == pytest.approx(np.eye(4), abs=1e-12)
    assert known.within.shape == (5, 5)
    assert known.across.shape == (5, 4)


def test_a_unit_is_the_error_function_of_its_field():
    weights = drawn("weights", 6, 3)
    x = drawn("x", 4, 6)
    by_hand = [[sum(erf(float(row @ column) / sqrt(12)) for column in weights.T)] for row in x]
    assert np.asarray(committee.outputs(weights, x)) == pytest.approx(np.array(by_hand), abs=1e-5)


@pytest.mark.parametrize(("units", "scale"), [(2, 1.0), (3, 0.3), (5, 2.0)])
def test_the_risk_is_the_error_on_fresh_inputs(units, scale):
    student, teacher = drawn("student", 8, units, scale), drawn("teacher", 8, 3)
    x = chance.stream(4, "fresh").standard_normal((20_000, 8))
    gap = np.asarray(committee.outputs(student, x)) - np.asarray(committee.outputs(teacher, x))
    assert committee.risk(committee.overlaps(student, teacher)) == pytest.approx(0.5 * np.mean(gap**2), rel=0.04)


def test_the_risk_of_the_teacher_itself_is_nothing():
    teacher = drawn("teacher", 8, 3)
    assert committee.risk(committee.overlaps(teacher[:, ::-1], teacher)) == pytest.approx(0, abs=1e-12)
    silent = committee.overlaps(0 * teacher, teacher)
    lengths = 1 + np.diag(silent.taught)
    alone = np.arcsin(silent.taught / np.sqrt(np.outer(lengths, lengths))).sum() / np.pi
    assert committee.risk(silent) == pytest.approx(alone)


def test_the_objective_is_the_risk_on_many_rows_and_has_its_slope():
    student, teacher = drawn("student", 8, 2), drawn("teacher", 8, 3)
    x = chance.stream(5, "fresh").standard_normal((10_000, 8)).astype(np.float32)
    net = (Layer(weights=student.astype(np.float32), biases=np.zeros(2, np.float32)),)
    y = np.asarray(committee.outputs(teacher, x))
    known = committee.risk(committee.overlaps(student, teacher))
    assert float(committee.squared_error(net, x, y)) == pytest.approx(known, rel=0.06)
    slope = jax.jit(jax.grad(committee.squared_error))(net, x, y)[0]
    for place in ((0, 0), (5, 1)):
        nudge = np.zeros_like(student)
        nudge[place] = 1e-4
        up, down = (committee.risk(committee.overlaps(student + sign * nudge, teacher)) for sign in (1, -1))
        assert float(slope.weights[place]) == pytest.approx((up - down) / 2e-4, rel=0.15, abs=5e-3)
    assert not np.asarray(slope.biases).any()


def test_units_are_specialised_as_far_as_they_are_one_of_the_teachers():
    teacher = committee.orthogonal(chance.stream(2, "t"), inputs=10, units=3)

    def of(student):
        return committee.specialised(committee.overlaps(student, teacher))

    assert of(teacher) == pytest.approx(1)
    assert of(-2 * teacher[:, [1, 1]]) == pytest.approx(1)  # sign, length and which of them do not matter
    assert of(teacher.sum(axis=1, keepdims=True)) == pytest.approx(0, abs=1e-12)
    two = teacher[:, 0] + teacher[:, 1]
    assert of(two[:, None]) == pytest.approx(0.5 - 0.25)
    both = np.stack([teacher[:, 0], 3 * teacher.sum(axis=1)], axis=1)
    assert of(both) == pytest.approx(1 / 28)  # lengths 1 and 27
    assert of(0 * both + 1e-9 * teacher[:, :2]) == pytest.approx(1)


def test_a_student_that_begins_as_the_teacher_stays_there_and_another_comes_nearer():
    taught = committee.orthogonal(chance.stream(2, "t"), inputs=10, units=2)
    x = chance.stream(6, "fresh").standard_normal((600, 10)).astype(np.float32)
    degrees, risks = committee.learned(taught, taught, x, lr=0.5, every=200)
    assert len(degrees) == len(risks) == 4
    assert min(degrees) > 0.999
    assert max(risks) < 1e-6
    near = 0.5 * taught + drawn("near", 10, 2, 0.3)
    degrees, risks = committee.learned(near, taught, x, lr=0.5, every=200)
    assert risks[0] == pytest.approx(committee.risk(committee.overlaps(near, taught)), rel=1e-4)
    assert risks[-1] < 0.2 * risks[0]
    assert degrees[-1] > degrees[0]


def test_units_that_begin_alike_never_part():
    taught = committee.orthogonal(chance.stream(2, "t"), inputs=10, units=2)
    x = chance.stream(6, "fresh").standard_normal((400, 10)).astype(np.float32)
    alike = np.repeat(drawn("one", 10, 1, 0.3), 2, axis=1)
    degrees, risks = committee.learned(alike, taught, x, lr=0.5, every=200)
    assert degrees[-1] < 0.5
    assert risks[-1] > 0.008
