//! The plot of a run: what was done in each second, how long sending took in each second, and how long each operation took.

use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::mix::MIX;
use super::report::{PERCENTILES, Run, millis};

const COLOURS: [RGBColor; 4] =
    [RGBColor(46, 125, 50), RGBColor(25, 103, 210), RGBColor(239, 108, 0), RGBColor(198, 40, 40)];

/// Draws it.
pub fn draw(run: &Run, file: &Path) {
    let area = SVGBackend::new(file, (1_100, 1_240)).into_drawing_area();
    area.fill(&WHITE).unwrap();
    let parts = area.split_evenly((3, 1));
    throughput(run, &parts[0]);
    sending(run, &parts[1]);
    acts(run, &parts[2]);
    area.present().unwrap();
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn throughput(run: &Run, area: &Area<'_>) {
    let done = &run.counter.done;
    let all = |second: &[u32; MIX.len()]| second.iter().sum::<u32>();
    let most = f64::from(done.iter().map(all).max().unwrap_or(1)) * 1.15;
    let mut chart = ChartBuilder::on(area)
        .caption("Acts done in each second", ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(32)
        .y_label_area_size(64)
        .build_cartesian_2d(0..done.len(), 0.0..most)
        .unwrap();
    chart.configure_mesh().x_desc("second").light_line_style(TRANSPARENT).draw().unwrap();
    let mut line = |name: &str, colour: RGBColor, count: &dyn Fn(&[u32; MIX.len()]) -> u32| {
        let points = done.iter().enumerate().map(|(second, acts)| (second, f64::from(count(acts))));
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)))
            .unwrap()
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
    };
    line("all", BLACK, &all);
    line("messages sent", COLOURS[0], &|acts| acts[0]);
    line("receipts", COLOURS[1], &|acts| acts[1] + acts[2]);
    line("pages of history", COLOURS[2], &|acts| acts[3] + acts[4] + acts[5]);
    legend(chart.configure_series_labels().position(SeriesLabelPosition::MiddleRight));
}

fn sending(run: &Run, area: &Area<'_>) {
    let seconds = &run.counter.sends;
    let most = seconds.iter().map(|second| millis(second.max())).fold(10.0, f64::max) * 1.3;
    let mut chart = ChartBuilder::on(area)
        .caption("How long sending took, from the moment at which it was due", ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(32)
        .y_label_area_size(64)
        .build_cartesian_2d(0..seconds.len(), (0.1..most).log_scale())
        .unwrap();
    chart.configure_mesh().x_desc("second").y_desc("ms").light_line_style(TRANSPARENT).draw().unwrap();
    for ((name, percentile), colour) in PERCENTILES.into_iter().zip(COLOURS) {
        let points = seconds
            .iter()
            .enumerate()
            .map(|(second, latencies)| (second, millis(latencies.value_at_percentile(percentile)).max(0.1)));
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)))
            .unwrap()
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
    }
    legend(chart.configure_series_labels().position(SeriesLabelPosition::LowerRight));
}

fn acts(run: &Run, area: &Area<'_>) {
    let most = (0..MIX.len()).map(|number| run.act(number).1[3]).fold(10.0, f64::max) * 1.3;
    let mut chart = ChartBuilder::on(area)
        .caption("How long each act took, in ms", ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(32)
        .y_label_area_size(190)
        .build_cartesian_2d((0.1..most).log_scale(), -0.5..MIX.len() as f64 - 0.5)
        .unwrap();
    let name = |place: &f64| {
        let number = MIX.len() as f64 - 1.0 - place.round();
        if (place - place.round()).abs() > 0.01 || number < 0.0 || number as usize >= MIX.len() {
            return String::new();
        }
        format!("{} ({:.0}/s)", MIX[number as usize].1, run.act(number as usize).0)
    };
    chart
        .configure_mesh()
        .x_desc("ms")
        .y_labels(2 * MIX.len())
        .y_label_formatter(&name)
        .light_line_style(TRANSPARENT)
        .draw()
        .unwrap();
    for (index, ((label, _), colour)) in PERCENTILES.into_iter().zip(COLOURS).enumerate() {
        let dots = (0..MIX.len()).map(|number| {
            let place = (MIX.len() - 1 - number) as f64;
            Circle::new((run.act(number).1[index].max(0.1), place), 4, colour.filled())
        });
        chart.draw_series(dots).unwrap().label(label).legend(move |(x, y)| Circle::new((x + 8, y), 4, colour.filled()));
    }
    legend(chart.configure_series_labels().position(SeriesLabelPosition::LowerLeft));
}

fn legend<'a, C>(labels: &mut plotters::chart::SeriesLabelStyle<'a, '_, SVGBackend<'a>, C>)
where
    C: CoordTranslate,
{
    labels.background_style(WHITE.mix(0.8)).border_style(BLACK.mix(0.3)).draw().unwrap();
}
