/* Numbers, money, dates and instants as people of the browser's language read them, in the organization's zone. */
import { language, t } from './strings.js';
import { addDays, toUtc } from './civil.js';
import { serverNow, session } from './session.js';

/* The browser's flavour of the language that the strings are in. */
const locale = navigator.languages.find(l => l.split('-')[0] === language) || language;
const cache = new Map();

function dates(options) {
	const key = JSON.stringify(options);

	if (!cache.has(key))
		cache.set(key, new Intl.DateTimeFormat(locale, options));
	return cache.get(key);
}

const plain = new Intl.NumberFormat(locale);
const percents = new Intl.NumberFormat(locale, { style: 'percent' });
const shares = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });

/* Amounts of a currency, which are rounded to its smallest coin or, if isExact, are not. */
function amounts(currency, isExact) {
	const key = `${currency} ${isExact}`;

	if (!cache.has(key))
		cache.set(key, new Intl.NumberFormat(locale, { style: 'currency', currency, currencyDisplay: 'narrowSymbol',
			...(isExact ? { maximumFractionDigits: 9 } : {}) }));
	return cache.get(key);
}

export const number = n => plain.format(n);
/* Rounded, but 100% is all of it, and no more than that. */
export const percent = n => percents.format(n < 1 ? Math.min(n, .99) : n > 1 ? Math.max(n, 1.01) : n);
export const tenths = n => shares.format(n);
/* In the organization's currency, if it is no other. */
export const money = (amount, currency = session.currency) => amounts(currency, false).format(amount);
export const price = (amount, currency = session.currency) => amounts(currency, true).format(amount);
/* The currency as a word of a label: "US dollars", "EUR". */
export const currencyName = () => session.currency === 'USD' ? t('currency.USD') : session.currency;
/* So much of a limit. */
export const quantity = (n, unit) => unit === 'cost' ? price(n) : plain.format(n);

/* A channel that has no word of its own here is called as the server calls it. */
export function channelName(channel) {
	const key = `channel.${channel}`, word = t(key);

	return word === key ? channel : word;
}

const OWN = ['dailyLimit', 'messagesCap', 'costCap', 'smsCap', 'callCap'];

/* "SMS cap of the billing cycle", as part of a sentence. */
export const limitName = limit => OWN.includes(limit) ? t(`limit.${limit}`) : t('limit.other', { name: limit });
export const sentenceOf = text => text[0].toUpperCase() + text.slice(1);
/* The server's sentences, with those names in the place of its own words. */
export const inWords = text => text.replace(new RegExp(`\\b(${OWN.join('|')})\\b`, 'g'), (word, _, at) => {
	const name = `the ${limitName(word)}`;

	return at === 0 ? name[0].toUpperCase() + name.slice(1) : name;
});

/* Why a limit refused a campaign, and where there is room. */
export const refused = body => [t('limit.refused', { limit: limitName(body.limit), available: quantity(body.available, body.unit),
	date: shortDate(body.date), needed: quantity(body.needed, body.unit) }),
body.nextAvailableDate ? t('planner.next', { date: shortDate(body.nextAvailableDate) }) : t('limit.nonext')].join(' ');
/* What limits a day, if it is another limit than the daily one; else null. */
export const limitedBy = entry => entry.limitedBy ? t('limit.day', { limit: limitName(entry.limitedBy), n: entry.bookable }) : null;

const civil = (options, date) => dates({ ...options, timeZone: 'UTC' }).format(toUtc(date));
const instant = (options, ms) => dates({ ...options, timeZone: session.timezone || 'UTC' }).format(ms);

/* With its year if it is not this one. */
export const shortDate = date => civil({ weekday: 'short', day: 'numeric', month: 'short',
	...(date.slice(0, 4) === (session.today || '').slice(0, 4) ? {} : { year: 'numeric' }) }, date);
/* Sorted dates as their ranges, [[first, last], …]. */
export const rangesOf = dates => dates.reduce((ranges, date) => {
	const last = ranges.at(-1);

	return last && addDays(last[1], 1) === date ? [...ranges.slice(0, -1), [last[0], date]] : [...ranges, [date, date]];
}, []);
export const longDate = date => civil({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }, date);
export const weekdayName = (date, length) => civil({ weekday: length }, date);
export const monthName = month => civil({ month: 'long', year: 'numeric' }, month + '-01');
export const shortMonth = month => civil({ month: 'short', year: 'numeric' }, month + '-01');

export const time = iso => instant({ hour: '2-digit', minute: '2-digit' }, Date.parse(iso));
export const moment = iso => instant({ dateStyle: 'medium', timeStyle: 'short' }, Date.parse(iso));
/* A day and its time, as two texts. */
export const dateTime = iso => [instant({ dateStyle: 'medium' }, Date.parse(iso)), instant({ timeStyle: 'short' }, Date.parse(iso))];
export const day = iso => instant({ dateStyle: 'medium' }, Date.parse(iso));

/* The head of a sheet of paper: whose figures they are, and when it was printed. */
export const printed = () => t('printed', { who: session.name || session.organizationId || t('session.everyone'), zone: session.timezone || 'UTC',
	at: moment(new Date(serverNow()).toISOString()) });

/* What the organization's clocks show now: "10:16:32 AM · America/New York (EST)". */
export function clock() {
	const now = serverNow(), zone = session.timezone;

	if (!zone)
		return '';
	const short = dates({ timeZone: zone, timeZoneName: 'short' }).formatToParts(now).find(p => p.type === 'timeZoneName').value;
	return `${instant({ hour: '2-digit', minute: '2-digit', second: '2-digit' }, now)} · ${zone.replace(/_/g, ' ')} (${short})`;
}
