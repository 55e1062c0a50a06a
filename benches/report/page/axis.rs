//! An axis: where a value lies on it, and which values are written beside it.

/// From one value to another, in equal steps or in equal factors.
#[derive(Debug, Clone, Copy)]
pub struct Axis {
    least: f64,
    most: f64,
    is_log: bool,
    /// Where it begins and ends, in pixels.
    pixels: (f64, f64),
}

impl Axis {
    /// In equal steps from 0 to the largest value, and a little more.
    pub fn linear(values: impl Iterator<Item = f64>, pixels: (f64, f64)) -> Self {
        let most = values.filter(|value| value.is_finite()).fold(0.0, f64::max);
        Self { least: 0.0, most: if most > 0.0 { most * 1.08 } else { 1.0 }, is_log: false, pixels }
    }

    /// In equal factors around the values that are above 0.
    pub fn log(values: impl Iterator<Item = f64>, pixels: (f64, f64)) -> Self {
        let (least, most) = values
            .filter(|value| value.is_finite() && *value > 0.0)
            .fold((f64::INFINITY, 0.0_f64), |(least, most), value| (least.min(value), most.max(value)));
        let (least, most) = if least <= most { (least / 1.15, most * 1.15) } else { (0.1, 10.0) };
        Self { least, most, is_log: true, pixels }
    }

    /// From 0 to a last second.
    pub const fn seconds(last: f64, pixels: (f64, f64)) -> Self {
        Self { least: 0.0, most: if last > 0.0 { last } else { 1.0 }, is_log: false, pixels }
    }

    /// The pixel of a value; what lies outside is at the end.
    pub fn at(&self, value: f64) -> f64 {
        let share = if self.is_log {
            (value.max(self.least) / self.least).ln() / (self.most / self.least).ln()
        } else {
            (value - self.least) / (self.most - self.least)
        };
        self.pixels.0 + share.clamp(0.0, 1.0) * (self.pixels.1 - self.pixels.0)
    }

    /// Round values, not more than fit.
    pub fn ticks(&self) -> Vec<f64> {
        let round = |exponent: i32| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(exponent));
        if self.is_log {
            let all: Vec<_> = (-9..12).flat_map(round).filter(|tick| (self.least..=self.most).contains(tick)).collect();
            if all.len() <= 9 {
                return all;
            }
            return (-9..12)
                .map(|exponent| 10_f64.powi(exponent))
                .filter(|tick| (self.least..=self.most).contains(tick))
                .collect();
        }
        let step = (-9..12).flat_map(round).find(|step| self.most / step <= 6.0).unwrap_or(self.most);
        std::iter::successors(Some(0.0), |tick| Some(tick + step)).take_while(|tick| *tick <= self.most).collect()
    }
}

/// A value beside an axis.
pub fn label(tick: f64) -> String {
    if tick >= 1_000.0 { super::number(tick) } else { format!("{}", (tick * 1e6).round() / 1e6) }
}
