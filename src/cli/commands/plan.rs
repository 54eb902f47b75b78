//! `rowcast plan`: which account will send how many and when.

use rowcast::adapters::calendar::Zone;
use rowcast::campaign::pacing::zone;
use rowcast::campaign::plan::{AccountDay, Timetable, timetable};
use rowcast::campaign::settings::{Format, Level, Settings};
use serde_json::{Value, json};

use super::super::exit::Exit;
use super::super::terminal::{Screen, counted, json_line, number, one_line};
use super::refuse;

/// Simulates the campaign and shows its timetable.
pub fn run(settings: &Settings, screen: &mut Screen) -> Exit {
    let made = timetable(settings).and_then(|made| Ok((made, zone(settings)?)));
    let (made, zone) = match made {
        Ok(made) => made,
        Err(error) => return refuse(screen, &error),
    };
    match settings.show.format {
        Format::Json => screen.line(&json_line(&as_json(&made, &zone))),
        Format::Text => show(settings, &made, &zone, screen),
    }
    Exit::Done
}

fn as_json(made: &Timetable, zone: &Zone) -> String {
    let day = |day: &AccountDay| -> Value {
        let hours: Vec<Value> = day
            .hours
            .iter()
            .map(|(hour, messages)| json!({"hour": hour, "messages": messages}))
            .collect();
        json!({
            "day": day.day, "account": day.account, "messages": day.messages,
            "first": zone.rfc_3339(day.first), "last": zone.rfc_3339(day.last), "hours": hours,
        })
    };
    let days: Vec<Value> = made.days.iter().map(day).collect();
    json!({
        "start": zone.rfc_3339(made.start), "timezone": made.zone, "to_send": made.to_send, "planned": made.planned,
        "done": made.done.map(|done| zone.rfc_3339(done)), "days": days,
    })
    .to_string()
}

fn show(settings: &Settings, made: &Timetable, zone: &Zone, screen: &mut Screen) {
    if made.to_send == 0 {
        screen.line("Nothing is left to send.");
        return;
    }
    let width = made.days.iter().map(|day| name(day).chars().count()).max().unwrap_or(0);
    for day in &made.days {
        let (first, last) = (zone.show(day.first), zone.show(day.last));
        let weekday = first.get(..3).unwrap_or_default();
        let time = |shown: &str| shown.rsplit(' ').next().unwrap_or_default().to_owned();
        let name = name(day);
        let padding = " ".repeat(width - name.chars().count());
        screen.line(&format!(
            "{weekday} {}  {name}{padding}  {:>6}  {} to {}",
            day.day,
            number(day.messages),
            time(&first),
            time(&last)
        ));
        if settings.show.level == Level::Verbose {
            for (hour, messages) in &day.hours {
                screen.line(&format!("      {hour:02}:00  {:>6}", number(*messages)));
            }
        }
    }
    let zone_name = one_line(&made.zone);
    match made.done {
        Some(done) => screen.line(&format!(
            "{}, done on {} ({zone_name}), if every answer comes at once.",
            counted(made.planned, "message"),
            zone.show(done)
        )),
        None => screen.line(&format!(
            "{} of {} can be planned ({zone_name}); the others never get leave under these limits, or not within two years.",
            number(made.planned),
            counted(made.to_send, "message")
        )),
    }
}

fn name(day: &AccountDay) -> String {
    day.account
        .as_deref()
        .map_or_else(|| "(the only account)".to_owned(), |id| one_line(id).into_owned())
}
