"""Devices: programming noise, drift, read noise against published models; retention, faults, temperature."""

from typing import Any

import numpy as np
import pytest
from ohmsum.sim.kernels import drift, faults, programming, read_noise, retention, temperature
from scipy import stats

N_TARGETS, N_DEVICES = 20, 20_000
TIMES_S = (1.0, 3600.0, 86400.0, 30 * 86400.0, 365 * 86400.0)


G_MAX_US = {"pcm_nandakumar_2019": 25.0, "pcm_hermes_1_device": 10.35, "pcm_hermes_2_devices": 20.7}
T_0_S = {"pcm_nandakumar_2019": 20.0, "pcm_hermes_1_device": 200.0, "pcm_hermes_2_devices": 300.0}
T_READ_S = {"pcm_nandakumar_2019": 250e-9, "pcm_hermes_1_device": 512e-9, "pcm_hermes_2_devices": 512e-9}
DEVICES = list(G_MAX_US)


class Published:
    """The three PCM models of IBM/aihwkit (inference/noise/pcm.py, hermes.py), spelled out for one target."""

    @staticmethod
    def programming_sigma(device: Any, g: Any) -> Any:
        if device == "pcm_nandakumar_2019":
            return 0.26348 + 1.9650 * g - 1.1731 * g**2
        if device == "pcm_hermes_1_device":
            return 0.15781817 + 2.32443916 * g - 2.16310839 * g**2 + 0.68841818 * g**3
        return 0.16603222 + 4.71806468 * g - 8.48101252 * g**2 + 4.68961419 * g**3

    @staticmethod
    def nu(device: Any, g: Any) -> Any:
        log = np.log(max(g, 1e-7))
        if device == "pcm_nandakumar_2019":
            return np.clip(-0.0155 * log + 0.0244, 0.049, 0.1), np.clip(-0.0125 * log - 0.0059, 0.008, 0.045)
        mean = np.clip(-0.0387 * log - 0.0182, 0.072, 0.13)
        if g >= 0.0945:
            mean = -0.0436 * g**2 - 0.0126 * g + 0.0736
        if device == "pcm_hermes_1_device":
            if g < 0.3039:
                return mean, np.clip(-0.0120 * log - 0.0023, 0.0124, 0.04)
            return mean, -0.0165 * g**2 + 0.0116 * g + 0.0104
        if g < 0.3055:
            return mean, np.clip(-0.0117 * log - 0.0057, 0.0091, 0.04)
        return mean, -0.0118 * g**2 + 0.0093 * g + 0.0073

    @staticmethod
    def q(device: Any, g: Any) -> Any:
        if device == "pcm_nandakumar_2019":
            return np.minimum(0.0088 / np.maximum(g**0.65, 1e-3), 0.2)
        log = np.log(np.maximum(g, 1e-300))
        if device == "pcm_hermes_1_device":
            low = np.clip(-0.0078 * log + 0.0038, 0.0179, 0.04)
            return np.where(g < 0.1591, low, 0.0664 * g**3 - 0.1352 * g**2 + 0.0768 * g + 0.0088)
        low = np.clip(-0.0117 * log - 0.0069, 0.015, 0.04)
        return np.where(g < 0.16, low, 0.0069 * g**3 - 0.0280 * g**2 + 0.0211 * g + 0.0123)

    @classmethod
    def moments(cls, device: Any, g_target: Any, time_s: Any, n: int = 301) -> Any:
        """Mean and variance of the conductance read `time_s` after the first read, by quadrature."""
        z = np.linspace(-6, 6, n)
        p = np.exp(-(z**2) / 2)
        p /= p.sum()
        g_max, t_0, t_read = G_MAX_US[device], T_0_S[device], T_READ_S[device]
        relative = g_target / g_max
        programmed = np.maximum(g_target + cls.programming_sigma(device, relative) * z, 0)
        mean, spread = cls.nu(device, relative)
        t = time_s + t_0
        factor = (t / t_0) ** -np.abs(mean + spread * z)
        g = programmed[:, None] * factor[None, :]
        growth = np.sqrt(np.log((t + t_read) / (2 * t_read)))
        s = np.maximum(g * cls.q(device, programmed / g_max)[:, None] * growth, 1e-30)
        above = stats.norm.cdf(g / s)  # the read is never below zero
        density = stats.norm.pdf(g / s)
        weight = np.outer(p, p)
        first = (weight * (g * above + s * density)).sum()
        second = (weight * ((g**2 + s**2) * above + g * s * density)).sum()
        return first, second - first**2


def agree(samples: Any, mean: Any, variance: Any) -> None:
    """Sample mean and variance within five standard errors (from the sample's own fourth moment)."""
    n = samples.shape[-1]
    kurtosis = ((samples - samples.mean()) ** 4).mean() / samples.var() ** 2
    assert abs(samples.mean() - mean) < 5 * (variance / n) ** 0.5
    assert abs(samples.var() / variance - 1) < 5 * ((kurtosis - 1) / n) ** 0.5 + 1e-4


@pytest.mark.parametrize("device", DEVICES)
def test_mean_and_sigma_over_time_equal_the_published_model(device: Any) -> None:
    g_max, t_0 = G_MAX_US[device], T_0_S[device]
    targets = np.linspace(0.02, 1.0, N_TARGETS) * g_max
    g_target = np.repeat(targets[:, None], N_DEVICES, axis=1)
    g = programming.program(g_target, programming.programming_sigma(g_target, device), seed=1)
    nu = drift.drift_coefficients(*drift.drift_statistics(g_target / g_max, device), seed=2)
    amplitude = read_noise.flicker_amplitude(g / g_max, device)
    t_read = read_noise.read_time_s(device)
    assert drift.DRIFT[device][2] == t_0
    for k, time_s in enumerate(TIMES_S):
        drifted = drift.drift(g, nu, time_s, t_0)
        sigma = read_noise.flicker_sigma(drifted, amplitude, time_s + t_0, t_read)
        seen = read_noise.read(drifted, sigma, seed=10 + k)
        for row, target in zip(seen, targets, strict=True):
            agree(row, *Published.moments(device, target, time_s))


@pytest.mark.parametrize("device", DEVICES)
def test_programmed_conductance_and_drift_exponent_have_the_published_spread(device: Any) -> None:
    g_max = G_MAX_US[device]
    targets = np.linspace(0.3, 1.0, N_TARGETS) * g_max  # far from zero, where nothing is clipped
    g_target = np.repeat(targets[:, None], N_DEVICES, axis=1)
    g = programming.program(g_target, programming.programming_sigma(g_target, device), seed=3)
    nu = drift.drift_coefficients(*drift.drift_statistics(g_target / g_max, device), seed=4)
    for k, target in enumerate(targets):
        agree(g[k], target, Published.programming_sigma(device, target / g_max) ** 2)
        mean, spread = Published.nu(device, target / g_max)
        folded = stats.foldnorm(abs(mean) / spread, scale=spread)
        agree(nu[k], folded.mean(), folded.var())


def test_a_fit_is_stretched_to_another_window() -> None:
    g = np.linspace(0, 10, 5)
    stretched = programming.programming_sigma(g, "pcm_nandakumar_2019", g_max=10.0)
    np.testing.assert_allclose(stretched, Published.programming_sigma("pcm_nandakumar_2019", g / 10) * 0.4)


@pytest.mark.parametrize(
    ("device", "g", "sigma"),
    [
        ("pcm_joshi_2020", 10.0, -0.00178767 * 100 + 0.07585724 * 10 + 0.28638599),
        ("rram_milo_2021", 100.0, -0.009107 * 100 + 4.782321),
        ("rram_wan_2022_xs", 20.0, 1.536e-4 * 8000 - 1.167e-2 * 400 + 0.2374 * 20 + 1.053),
        ("rram_wan_2022_1s", 40.0, 0.348 + 16.030 - 43.853 + 45.393 - 16.815),
        ("rram_wan_2022_1d", 20.0, 0.701 + 22.086 / 2 - 50.773 / 4 + 47.095 / 8 - 16.458 / 16),
        ("rram_wan_2022_2d", 40.0, 0.782 + 20.274 - 43.507 + 37.062 - 11.934),
        ("rram_cmo_hfox_2pct", 50.0, 0.01121854 + 0.01129027 * 50),
        ("rram_cmo_hfox_0.2pct", 50.0, 0.00081107 + 0.00106879 * 50),
        ("sonos_40nm_day0", 1600.0, 19.887 * (1 - np.exp(-1600 / 176.31))),
        ("sonos_40nm_day1", 1600.0, 25.591 * (1 - np.exp(-1600 / 186.86))),
    ],
)
def test_other_programming_fits(device: str, g: float, sigma: Any) -> None:
    assert programming.programming_sigma(np.array([g]), device)[0] == pytest.approx(sigma, rel=1e-12)


def test_program_and_verify_stops_when_the_reading_is_accepted() -> None:
    target = np.full(100_000, 10.0)
    margin, sigma = 0.5, 1.0
    g, n = programming.program_and_verify(target, sigma, 0.0, margin, seed=5, max_iterations=30)
    hit = 2 * stats.norm.cdf(margin / sigma) - 1  # chance of one pulse: iterations are geometric
    assert n.mean() == pytest.approx(1 / hit, rel=0.02)
    done = n <= 30
    assert (np.abs(g[done] - 10) <= margin).all()
    assert (~done).mean() == pytest.approx((1 - hit) ** 30, abs=5e-5)
    box = stats.truncnorm(-margin, margin)
    assert stats.kstest(g[done] - 10, box.cdf).pvalue > 1e-4


def test_verify_with_noisy_reads_leaves_the_read_error() -> None:
    target = np.full(50_000, 10.0)
    g, n = programming.program_and_verify(target, 0.5, 0.2, 0.3, seed=6, max_iterations=200)
    assert (n <= 200).all()
    # accepted if |write + read| <= margin: the write error's variance given that, by quadrature
    w = np.linspace(-4, 4, 4001) * 0.5
    p = stats.norm.pdf(w, scale=0.5) * (stats.norm.cdf((0.3 - w) / 0.2) - stats.norm.cdf((-0.3 - w) / 0.2))
    expected = np.sqrt((p * w**2).sum() / p.sum())
    assert g.std() == pytest.approx(expected, rel=0.02)


def test_drift_is_a_power_law_of_the_age() -> None:
    g = drift.drift([10.0, 10.0], [0.05, 0.0], 180.0, 20.0)
    np.testing.assert_allclose(g, [10 * 10**-0.05, 10], rtol=1e-6)
    np.testing.assert_array_equal(drift.drift([10.0], [0.05], 0.0, 20.0), [10.0])


def test_flicker_series_has_unit_variance_and_a_one_over_f_spectrum() -> None:
    series = read_noise.flicker_series(400, 4096, seed=7, poles_per_decade=3)
    assert series.std() == pytest.approx(1, rel=0.05)
    power = (np.abs(np.fft.rfft(series, axis=1)) ** 2).mean(axis=0)[1:]
    f = np.arange(1, power.size + 1)
    middle = slice(8, 400)
    slope = np.polyfit(np.log(f[middle]), np.log(power[middle]), 1)[0]
    assert slope == pytest.approx(-1, abs=0.1)
    assert np.corrcoef(series[0], series[1])[0, 1] < 0.5


def test_white_noise_and_pairs_add_in_squares() -> None:
    np.testing.assert_allclose(read_noise.white_sigma([0.0, 4.0], relative=0.01, absolute=0.03), [0.03, 0.05])
    np.testing.assert_allclose(read_noise.pair_variance([[3.0], [4.0]]), [25.0])


def test_rram_retention() -> None:
    g = np.array([8.0, 40.0])
    day = programming.programming_sigma(g, "rram_wan_2022_1d")
    np.testing.assert_allclose(retention.wan_sigma(g, 86400.0), day, rtol=1e-12)
    between = retention.wan_sigma(g, np.sqrt(86400.0))  # halfway in ln t from 1 s to 1 day
    first = programming.programming_sigma(g, "rram_wan_2022_1s")
    np.testing.assert_allclose(between, (first + day) / 2, rtol=1e-12)
    np.testing.assert_allclose(retention.wan_sigma(g, 0.0), first, rtol=1e-12)
    with pytest.warns(UserWarning, match="time_s: 1e\\+06 s is beyond the 2 days"):
        last = retention.wan_sigma(g, 1e6)
    np.testing.assert_allclose(last, programming.programming_sigma(g, "rram_wan_2022_2d"), rtol=1e-12)
    assert retention.cmo_relaxation(0.0) == (0.0, 0.0)
    mean, spread = retention.cmo_relaxation(1e4)
    assert mean == pytest.approx(-0.08900206 * np.log(1e4))
    assert spread == pytest.approx(0.04201137 * np.log(1e4) + 0.41183342)
    sigma = retention.cmo_read_sigma(np.array([50.0, 0.5]), 1e4)
    growth = np.sqrt(np.log((1e4 + 1e-6) / 2e-6))
    np.testing.assert_allclose(sigma, [0.0277316483 * np.log10(50) * growth, 0.0], rtol=1e-12)


def test_stuck_cells_have_the_stated_yield_and_ends() -> None:
    map_ = faults.stuck_cells((500, 400), 0.97, seed=8, stuck_on_fraction=0.25)
    n = map_.size
    for value, share in ((0, 0.97), (1, 0.0075), (-1, 0.0225)):
        assert abs((map_ == value).mean() - share) < 5 * (share * (1 - share) / n) ** 0.5
    g = faults.apply_faults(np.full((500, 400), 7.0), map_, 1.0, 25.0)
    np.testing.assert_array_equal(g, np.choose(map_ + 1, [1.0, 7.0, 25.0]))
    assert not faults.stuck_cells((9, 9), 1.0, seed=8).any()
    assert faults.stuck_cells((9, 9), 0.0, seed=8, stuck_on_fraction=1.0).all()


def test_endurance() -> None:
    assert faults.worn_fraction(1e6, 1e6, 0.5) == pytest.approx(0.5)
    assert faults.worn_fraction(1e6 * np.exp(0.5), 1e6, 0.5) == pytest.approx(stats.norm.cdf(1))
    assert faults.worn_fraction(0, 1e6, 0.5) == 0
    assert faults.worn_window(1.0, 25.0, 100, loss_per_decade=0.1) == pytest.approx((3.4, 22.6))
    assert faults.worn_window(1.0, 25.0, 0, loss_per_decade=0.1) == (1.0, 25.0)
    assert faults.worn_window(1.0, 25.0, 1e30, loss_per_decade=0.1) == pytest.approx((13.0, 13.0))


def test_temperature() -> None:
    factor = temperature.arrhenius(85.0, 25.0, 0.1)
    k = 8.617333262e-5
    assert factor == pytest.approx(np.exp(0.1 / k * (1 / 298.15 - 1 / 358.15)))
    g: Any = temperature.conductance_at(np.array([0.0, 12.5, 25.0]), 25.0, 85.0, activation_off_ev=0.2)
    half = 12.5 * float(factor)  # half the energy at half the window
    np.testing.assert_allclose(g, np.array([0, half, 25.0]), rtol=1e-6)
    assert temperature.equivalent_time_s(10.0, 85.0, activation_ev=0.1) == pytest.approx(10 * factor)
    assert temperature.check_temperature(25, -40, 85) == 25
    with pytest.warns(UserWarning, match="temperature_c: 125 C is outside the device's stated range of -40"):
        assert temperature.check_temperature(125, -40, 85) == 125


ONE = np.ones((1, 1))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: programming.programming_sigma([1.0], "pcm"), "device: 'pcm'; expected one of pcm_"),
        (lambda: programming.programming_sigma([-1.0], DEVICES[0]), "g: smallest is -1"),
        (lambda: programming.programming_sigma([np.nan], DEVICES[0]), "g: 1 of 1 values are NaN"),
        (lambda: programming.programming_sigma([1.0], DEVICES[0], g_max=0), "g_max"),
        (lambda: programming.polynomial_sigma([1.0], ()), "coefficients"),
        (lambda: programming.program_and_verify(ONE, 1.0, 0.0, -0.1, 1), "margin"),
        (lambda: programming.program_and_verify(ONE, 1.0, 0.0, 0.1, 1, max_iterations=0), "max_iterations"),
        (lambda: drift.drift([1.0], [0.05], -1.0, 20.0), "time_s: -1.0; expected a finite number >= 0"),
        (lambda: drift.drift([1.0], [0.05], 1.0, 0.0), "t0_s"),
        (lambda: drift.drift([1.0], [np.nan], 1.0, 20.0), "nu: 1 of 1"),
        (lambda: drift.drift_statistics([0.5], "sram"), "device: 'sram'"),
        (lambda: drift.drift_coefficients([0.05], [-0.1], 1), "spread"),
        (lambda: read_noise.flicker_sigma([1.0], [0.1], -5.0, 1e-6), "since_programming_s: -5"),
        (lambda: read_noise.flicker_amplitude([0.5], "sram"), "device"),
        (lambda: read_noise.read_time_s("sram"), "device"),
        (lambda: read_noise.white_sigma([1.0], relative=-0.1), "relative"),
        (lambda: read_noise.flicker_series(0, 10, 1), "n_series"),
        (lambda: retention.wan_sigma([1.0], -1.0), "time_s"),
        (lambda: retention.cmo_relaxation(np.nan), "time_s"),
        (lambda: faults.stuck_cells((2, 2), 1.2, 1), "yield_fraction: 1.2; expected .* <= 1"),
        (lambda: faults.stuck_cells((2, 2), 0.9, 1, stuck_on_fraction=2), "stuck_on_fraction"),
        (lambda: faults.apply_faults(ONE, np.full((1, 1), 3, np.int8), 0, 1), r"faults: values \[3\]"),
        (lambda: faults.apply_faults(ONE, np.zeros((2, 1), np.int8), 0, 1), "faults: shape"),
        (lambda: faults.worn_fraction(-1, 1e6, 0.5), "n_writes"),
        (lambda: faults.worn_window(5.0, 5.0, 1, loss_per_decade=0.1), "g_max"),
        (lambda: temperature.arrhenius(-300, 25, 0.1), "temperature_c: -300"),
        (lambda: temperature.check_temperature(np.inf, 0, 1), "temperature_c"),
        (lambda: temperature.equivalent_time_s(-1, 85, activation_ev=1.0), "time_s"),
    ],
)
def test_bad_arguments_are_named(call: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        call()
