/*
 * Civil dates are texts, YYYY-MM-DD, months YYYY-MM.  Their arithmetic is done in UTC, where every day has 24 hours, so
 * that the browser's own zone has no say.
 */
const DAY_MS = 86400000;

export const isDate = text => /^\d{4}-\d{2}-\d{2}$/.test(text) && ofUtc(toUtc(text)) === text;
export const isMonth = text => isDate(text + '-01');

/* The instant at which the date begins in UTC: for arithmetic and for Intl with the zone UTC only. */
export const toUtc = date => Date.UTC(+date.slice(0, 4), +date.slice(5, 7) - 1, +date.slice(8, 10));
export const ofUtc = ms => new Date(ms).toISOString().slice(0, 10);

export const addDays = (date, days) => ofUtc(toUtc(date) + days * DAY_MS);
export const monthOf = date => date.slice(0, 7);

/* The same day of another month, or the last one of a shorter month. */
export function addMonths(date, months) {
	const at = new Date(toUtc(date.slice(0, 7) + '-01'));

	at.setUTCMonth(at.getUTCMonth() + months);
	const first = ofUtc(at.getTime());
	return first.slice(0, 8) + String(Math.min(+date.slice(8), daysIn(first.slice(0, 7)))).padStart(2, '0');
}

export function daysIn(month) {
	return new Date(Date.UTC(+month.slice(0, 4), +month.slice(5, 7), 0)).getUTCDate();
}

export const lastOf = month => `${month}-${daysIn(month)}`;

/* 1 is Monday, 7 is Sunday. */
export const weekdayOf = date => new Date(toUtc(date)).getUTCDay() || 7;

export const startOfWeek = (date, weekStart) => addDays(date, -((weekdayOf(date) - weekStart + 7) % 7));
