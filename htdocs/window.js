/* The hours in which campaigns may be scheduled, and the dates on which nothing may go out. */
import { el, fill, notice } from './dom.js';
import { field, form, refuse } from './form.js';
import { table } from './table.js';
import { getWithTag, send } from './api.js';
import { moment, shortDate, weekdayName } from './format.js';
import { addDays, startOfWeek } from './civil.js';
import { session } from './session.js';
import './page_strings.js';
import { t } from './strings.js';

const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7], OFFICE = { weekdays: [1, 2, 3, 4, 5], from: '09:00', until: '17:00' };
const CALENDAR = { 'Content-Type': 'text/calendar' };

/* The end of a day is 24:00 for the server and 00:00 for an input of a time. */
const toInput = time => time === '24:00' ? '00:00' : time;
const fromInput = time => time === '00:00' ? '24:00' : time;

/* What a change left outside, with a link to each campaign. */
const outsideOf = ({ segmentsOutside: list }) => list.length === 0 ? null : el('p', {}, t('window.outside', { n: list.length }), ' ',
	list.map((s, i) => [i ? ' · ' : null, el('a', { href: `#campaign/${s.campaignId}`, dir: 'auto' }, s.campaignId), ' ', moment(s.scheduledISO)]));

/* One entry of hours: {node, value()}.  value() throws what is wrong with it, and says it there. */
function entry(hours, k, remove) {
	const monday = startOfWeek('2024-01-03', 1), wrong = el('div', {});
	const boxes = WEEKDAYS.map(n => el('input', { type: 'checkbox', checked: hours.weekdays.includes(n) }));
	const from = el('input', { type: 'time', required: true, value: hours.from });
	const until = el('input', { type: 'time', required: true, value: toInput(hours.until) });
	const node = el('fieldset', { class: 'hours', oninput: () => fill(wrong) }, el('legend', { class: 'hidden' }, t('window.entry', { k })),
		el('div', { class: 'weekdays', role: 'group', 'aria-label': t('window.days') }, boxes.map((box, i) => el('label', { class: 'check' }, box, ' ',
			weekdayName(addDays(monday, i), 'short')))), el('div', { class: 'row' }, field(t('window.from'), from), field(t('window.until'), until),
			el('button', { type: 'button', class: 'quiet', onclick: () => remove(node) }, t('window.remove'))), wrong);

	return { node, value() {
		const value = { weekdays: WEEKDAYS.filter((n, i) => boxes[i].checked), from: from.value, until: fromInput(until.value) };
		const words = value.weekdays.length === 0 ? t('window.day.missing') : value.from === value.until ? t('window.same') : null;

		if (words) {
			fill(wrong, el('small', { class: 'wrong', role: 'alert' }, words));
			boxes[0].focus();
			throw new Error(words);
		}
		return value;
	} };
}

/* The closed dates with a button for each; change(closed) writes others. */
function dates(kept, change, said) {
	const shown = kept.closed.filter(c => c.date >= session.today);

	return shown.length === 0 ? el('p', { class: 'empty' }, t('window.none')) : table(t('window.closed'), [{ head: t('window.date') },
		{ head: t('window.name') }, { head: '' }], shown.map(c => [shortDate(c.date), el('span', { dir: 'auto' }, c.name || ''), el('button', {
		type: 'button', class: 'quiet', 'aria-label': `${t('window.open')}: ${shortDate(c.date)}`,
		onclick: () => change(kept.closed.filter(other => other.date !== c.date)).catch(error => fill(said, notice('bad', error.message))) },
	t('window.open'))]));
}

export async function sendingWindow(path) {
	const where = `${path}/sending-window`, saidHours = el('div', {}), saidDates = el('div', {});
	const list = el('div', {}), closed = el('div', { class: 'list' });
	const date = el('input', { type: 'date', required: true, min: session.today }), name = el('input', { maxlength: 200, dir: 'auto' });
	const file = el('input', { type: 'file', accept: '.ics,text/calendar' });
	let { data: kept, etag } = await getWithTag(where), entries = [];

	/* What the server has now; hours that are being edited stay as they are. */
	function show(data) {
		kept = data;
		fill(closed, dates(kept, closed => put({ hours: kept.hours, closed }), saidDates));
	}
	function showEntries() {
		fill(list, entries.length ? entries.map(e => e.node) : el('p', { class: 'quiet-text' }, t('window.always')));
	}
	function addEntry(hours) {
		const made = entry(hours, entries.length + 1, node => {
			entries = entries.filter(e => e.node !== node);
			showEntries();
			add.focus();
		});

		entries.push(made);
		showEntries();
	}
	/* What somebody else has changed meanwhile is not undone: it is shown, and the change can be made again. */
	async function put(body) {
		try {
			const reply = await send('PUT', where, body, { 'If-Match': etag });

			etag = reply.etag;
			show(reply.data);
			return reply.data;
		} catch (error) {
			if (error.status !== 412)
				throw error;
			const now = await getWithTag(where);

			etag = now.etag;
			show(now.data);
			throw Object.assign(error, { message: t('window.changed') });
		}
	}
	async function load(text) {
		const { data, etag: tag } = await send('POST', where, text, CALENDAR);
		etag = tag;
		show(data);
		fill(saidDates, notice('good', t('window.imported', { n: data.imported, skipped: data.skipped }), outsideOf(data)));
	}

	const add = el('button', { type: 'button', class: 'quiet', onclick: () => addEntry(OFFICE) }, t('window.add'));
	file.addEventListener('change', async () => {
		try {
			await load(await file.files[0].text());
		} catch (error) {
			fill(saidDates, notice('bad', error.message));
		}
		file.value = '';
	});
	kept.hours.forEach(addEntry);
	showEntries();
	show(kept);
	const hoursForm = form({}, async () => {
		let hours;
		try {
			hours = entries.map(e => e.value());
		} catch {
			return;	/* it is said where it is wrong */
		}
		try {
			const data = await put({ hours, closed: kept.closed });
			fill(saidHours, notice(data.segmentsOutside.length ? 'warn' : 'good', t('settings.saved'), outsideOf(data)));
		} catch (error) {
			fill(saidHours, notice('bad', error.message));
		}
	}, list, el('p', { class: 'row' }, add, el('button', {}, t('save'))), saidHours);
	const datesForm = form({}, async paper => {
		const others = kept.closed.filter(c => c.date !== date.value);
		try {
			const data = await put({ hours: kept.hours, closed: [...others, { date: date.value, ...(name.value ? { name: name.value } : {}) }] });
			fill(saidDates, notice(data.segmentsOutside.length ? 'warn' : 'good', t('settings.saved'), outsideOf(data)));
			date.value = name.value = '';
		} catch (error) {
			refuse(paper, saidDates, error);
		}
	}, el('div', { class: 'row' }, field(t('window.date'), date), field(t('window.name'), name), el('button', {}, t('window.close'))),
	field(t('window.import'), file), saidDates);

	return el('section', { class: 'card wide', 'aria-label': t('window.title') }, el('h2', {}, t('window.title')), el('p', { class: 'quiet-text' },
		t('window.about')), el('div', { class: 'halves' }, hoursForm, el('div', {}, el('h3', {}, t('window.closed')), closed, datesForm)));
}
