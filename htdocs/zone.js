/*
 * Between instants (milliseconds) and the wall clock of a time zone, by what Intl knows of zones.  The server's own
 * answers always win; this is for instants that a person types, and for the length of days.
 */
import { addDays, toUtc } from './civil.js';

const DAY_MS = 86400000;
const formats = new Map();

function formatOf(zone) {
	if (!formats.has(zone))
		formats.set(zone, new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit',
			day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' }));
	return formats.get(zone);
}

/* {date: 'YYYY-MM-DD', time: 'HH:MM:SS'} that a clock in the zone shows. */
export function clockAt(ms, zone) {
	const part = {};

	for (const { type, value } of formatOf(zone).formatToParts(ms))
		part[type] = value;
	return { date: `${part.year.padStart(4, '0')}-${part.month}-${part.day}`, time: `${part.hour}:${part.minute}:${part.second}` };
}

const timeMs = time => time.split(':').reduce((sum, n, i) => sum + n * [3600000, 60000, 1000][i], 0);

export function offsetAt(ms, zone) {
	const { date, time } = clockAt(ms, zone);

	return toUtc(date) + timeMs(time) - Math.floor(ms / 1000) * 1000;
}

/* A time that the zone skips moves forward by the gap; of one that occurs twice it is the first. */
export function instantOf(date, time, zone) {
	const wall = toUtc(date) + timeMs(time);
	const before = offsetAt(wall - DAY_MS, zone), after = offsetAt(wall + DAY_MS, zone);

	if (offsetAt(wall - before, zone) !== before && offsetAt(wall - after, zone) === after)
		return wall - after;
	return wall - before;
}

/* How long the zone's day is, in hours: 24, or 23 or 25, or whatever a zone has come up with. */
export function hoursOf(date, zone) {
	return (instantOf(addDays(date, 1), '00:00', zone) - instantOf(date, '00:00', zone)) / 3600000;
}
