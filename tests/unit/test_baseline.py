"""How unusual a count is, and settings that make no sense."""

import pytest
from scipy import stats

from pipeline.errors import ConfigError
from pipeline.logic.baseline import SpikeSettings, tail
from tests.histories import HOUR, MINUTE


@pytest.mark.parametrize(
    ("count", "mean", "variance"), [(5, 0.01, 0.5), (12, 3.0, 0.02), (60, 20.0, 0.3), (3, 9.0, 1.0)]
)
def test_the_tail_is_that_of_the_negative_binomial(count, mean, variance):
    size = 1 / variance
    expected = stats.nbinom.sf(count - 1, size, size / (size + mean))
    assert tail(count, mean, variance) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    "given",
    [
        {"bucket": 7 * MINUTE},
        {"bucket": 0 * HOUR},
        {"window": 20 * MINUTE},
        {"cool_down": 30 * MINUTE},
        {"longest": HOUR},
        {"significance": 0.05},
    ],
)
def test_settings_that_make_no_sense_are_refused(given):
    with pytest.raises(ConfigError, match="spikes"):
        SpikeSettings(**given)
