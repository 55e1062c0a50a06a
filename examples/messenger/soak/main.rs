//! Soaks servers in bots: people who write at a steady rate over sockets, on devices of which a third goes away and
//! comes back. In the end every device must have what a fresh download gives.

mod arguments;
mod compare;
mod device;
mod knowledge;
mod people;
mod processors;
mod raise;
mod report;
mod wire;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arguments::Arguments;
use device::{Device, Order};
use report::Report;
use tokio::sync::mpsc::{self, UnboundedSender};

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.map_err(Failed::from).and_then(|runtime| runtime.block_on(run())) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<bool, Failed> {
    let arguments = Arguments::read()?;
    let (database, users, devices) = (arguments.database.clone(), arguments.users, arguments.devices);
    let group = arguments.group;
    let people = tokio::task::spawn_blocking(move || people::prepare(&database, users, devices, group)).await??;
    let (report, begun) = (Arc::new(Report::default()), Instant::now());

    let mut orders = Vec::new();
    let mut tasks = Vec::new();
    for (number, session) in people.sessions.iter().enumerate() {
        let (order, received) = mpsc::unbounded_channel();
        let server = arguments.servers[number % arguments.servers.len()].clone();
        let device = Device::new(number, session.clone(), server, Arc::clone(&report), begun);
        orders.push(order);
        tasks.push(tokio::spawn(device.live(received)));
    }
    report.wait_until_online(devices, Duration::from_secs(60)).await?;

    report.begin();
    if arguments.raise {
        raise::until_it_breaks(&arguments, &orders, &report).await;
    } else {
        give_out(&orders, arguments.rate, arguments.seconds, &report).await;
    }
    for order in &orders {
        let _ = order.send(Order::Settle);
    }
    report.settle(devices, Duration::from_secs(60)).await;
    for order in &orders {
        let _ = order.send(Order::End);
    }
    // A device that fails at its end finds no more orders, and ends all the same.
    drop(orders);
    let mut knowledge = Vec::new();
    for task in tasks {
        knowledge.push(task.await?);
    }
    let database = arguments.database.clone();
    let wrong = tokio::task::spawn_blocking(move || compare::compare(&database, &people, &knowledge)).await??;
    report.tell(&arguments, &wrong)
}

/// An open loop: what is due is given out when it is due, however slow the answers are.
async fn give_out(orders: &[UnboundedSender<Order>], rate: u32, seconds: u32, report: &Report) {
    let start = tokio::time::Instant::now();
    for number in 0..rate * seconds {
        tokio::time::sleep_until(start + Duration::from_secs(1) * number / rate).await;
        let device = fastrand::usize(..orders.len());
        let _ = orders[device].send(Order::Write { due: Instant::now() });
        report.look();
    }
}
