/* #planner, #planner/2026-11-24: so many contacts over the coming days, first as a proposal on the calendar, then reserved in one step. */
import { announce, el, fill, hidden, notice, sentence } from './dom.js';
import { field, form, refuse } from './form.js';
import { table } from './table.js';
import { banner } from './banner.js';
import { get, query, send } from './api.js';
import { legend } from './bar.js';
import { inWords, monthName, number, refused, shortDate, time } from './format.js';
import { addDays, addMonths, isDate, monthOf } from './civil.js';
import { clockAt } from './zone.js';
import { hasMonth, monthGrid } from './month.js';
import { serverNow, session } from './session.js';
import './page_strings.js';
import { t } from './strings.js';

/* A name for the campaign, so that a repeated request cannot reserve twice. */
function newId() {
	return 'web-' + [...crypto.getRandomValues(new Uint8Array(12))].map(b => b.toString(16).padStart(2, '0')).join('');
}

export async function open(place, from) {
	const top = banner(), said = el('div', {}), proposal = el('div', {}), title = el('h2', {});
	const name = el('input', { required: true, maxlength: 200, autocomplete: 'off', dir: 'auto' });
	const contacts = el('input', { type: 'number', min: 1, max: 1000000000, required: true, inputmode: 'numeric' });
	const date = el('input', { type: 'date', min: session.today });
	const at = el('input', { type: 'time', required: true, value: '10:00' });
	const parts = el('input', { type: 'number', min: 1, max: 1000, required: true, value: '1' });
	let plan = null, asked = 0, asks = 0;

	const grid = monthGrid({ onMonth: (month, day) => showMonth(month, day), onOpen: startOn });
	const step = n => () => {
		const month = monthOf(addMonths(grid.month() + '-01', n));
		if (hasMonth(month))
			showMonth(month);
	};
	const paper = form({ class: 'card planner' }, () => { fill(said); return ask(); },
		el('h2', {}, t('planner.what')), field(t('planner.name'), name, null, 'name'),
		field(t('planner.contacts'), contacts, t('planner.contacts.hint'), 'totalContacts'),
		el('div', { class: 'pair' }, field(t('planner.date'), date, null, 'firstSegmentDate'),
			field(t('planner.time'), at, t('planner.zone', { zone: session.timezone }), 'firstSegmentTime')),
		field(t('planner.parts'), parts, t('planner.parts.hint'), 'partsPerContact'), el('p', {},
			el('button', { class: 'primary' }, t('planner.propose'))), said, proposal);

	fill(place, el('h1', { tabindex: -1 }, t('menu.planner')), top.node, el('div', { class: 'split' }, paper,
		el('section', { class: 'wide', 'aria-label': t('planner.calendar') }, el('div', { class: 'toolbar' }, title, el('div', { class: 'buttons' },
			el('button', { type: 'button', onclick: step(-1) }, '‹', ' ', t('calendar.previous')),
			el('button', { type: 'button', onclick: step(1) }, t('calendar.next'), ' ', '›'))), grid.node,
		el('div', { class: 'under' }, legend({ sent: t('legend.sent'), reserved: t('legend.reserved'), proposed: t('legend.proposed'), free: t('legend.free') })))));

	/* A day of the calendar that was chosen. */
	function startOn(day) {
		date.value = day;
		edited();
		date.focus();
	}

	/* An edited form is no longer what was proposed, nor what is about to be. */
	function edited() {
		asks++;
		grid.mark(date.value);
		if (plan)
			drop();
	}

	function drop() {
		plan = null;
		fill(proposal);
		load();
	}

	/* The day, in the organization's zone, that an instant falls on. */
	const dayOf = iso => clockAt(Date.parse(iso), session.timezone).date;

	async function load() {
		const mine = ++asked;
		try {
			const { data } = await get('api/campaigns/usage-calendar' + query(grid.range()));
			const extra = {};
			for (const s of plan ? plan.segments : [])
				extra[dayOf(s.scheduledDate)] = (extra[dayOf(s.scheduledDate)] || 0) + s.contactCount * plan.units;
			if (mine === asked)
				grid.paint(data, extra);
		} catch {
			/* The proposal says what went wrong. */
		}
	}

	function showMonth(month, day) {
		fill(title, monthName(month));
		grid.show(month, day);
		return load();
	}

	const wanted = () => ({ totalContacts: +contacts.value, firstSegmentTime: at.value, partsPerContact: +parts.value,
		...(date.value ? { firstSegmentDate: date.value } : {}) });

	/* Quota units of a contact, for the calendar counts in them. */
	const unitsOf = partsPerContact => session.quotaUnit === 'part' ? partsPerContact : 1;

	async function ask() {
		const mine = ++asks, body = wanted();
		try {
			const reply = await send('POST', 'api/campaigns/auto-segment', body);
			if (mine !== asks)
				return;
			plan = { ...reply, id: newId(), name: name.value.trim(), partsPerContact: body.partsPerContact, units: unitsOf(body.partsPerContact),
				wanted: body.firstSegmentDate };
			showPlan();
		} catch (error) {
			if (mine !== asks)
				return;
			plan = null;
			fill(proposal);
			refuse(paper, said, error);
		}
	}

	function showPlan() {
		const total = plan.segments.reduce((n, s) => n + s.contactCount, 0);
		const first = plan.segments.length ? dayOf(plan.segments[0].scheduledDate) : '';
		const reserveButton = el('button', { type: 'button', class: 'primary', onclick: reserve }, t('planner.reserve', { n: total }));

		fill(proposal, el('h2', {}, t('planner.proposal'), hidden('. ')), el('p', { class: 'quiet-text' }, t('planner.nothingyet')),
			plan.warnings.map(w => notice('plain', inWords(w))), plan.wanted && first > plan.wanted ? notice('plain', t('planner.first', { from: shortDate(plan.wanted),
				date: shortDate(first) })) : null,
			plan.segments.length ? [table(t('planner.proposal'), [{ head: t('campaign.date') }, { head: t('campaign.time') },
				{ head: t('campaign.contacts'), number: true }],
			plan.segments.map(s => [shortDate(dayOf(s.scheduledDate)), time(s.scheduledDate), number(s.contactCount)])),
			el('p', { class: 'buttons' }, reserveButton, el('button', { type: 'button', class: 'quiet', onclick: () => {
				drop();
				name.focus();
			} }, t('planner.drop')))] : null);
		announce(t('planner.announce', { n: total, days: plan.segments.length }));
		showMonth(monthOf(plan.segments.length ? dayOf(plan.segments[0].scheduledDate) : session.today));
	}

	async function reserve(event) {
		const button = event.target, mine = asks;
		if (button.hasAttribute('aria-busy'))
			return;
		button.setAttribute('aria-busy', 'true');
		try {
			const { data } = await send('POST', 'api/campaigns', { id: plan.id, name: plan.name, partsPerContact: plan.partsPerContact,
				segments: plan.segments.map(s => ({ scheduledISO: s.scheduledDate, contactCount: s.contactCount })) });
			plan = null;
			fill(proposal);
			if (mine === asks)
				name.value = contacts.value = '';
			fill(said, notice('good', sentence('planner.done', { name: data.name, n: data.contactCount }), ' ',
				el('a', { href: `#campaign/${data.campaignId}` }, t('planner.see')), ' · ',
				el('a', { href: `#calendar/${data.segments[0].date}` }, t('menu.calendar'))));
			said.querySelector('a').focus();
			await Promise.all([load(), top.refresh()]);
		} catch (error) {
			if (error.body.limit) {
				fill(said, notice('bad', t('planner.faster', { why: refused(error.body) })));
				await Promise.all([ask(), top.refresh()]);
				proposal.querySelector('button')?.focus();
			} else
				refuse(paper, said, error.status === 0 ? { message: t('planner.unsure') } : error);
			button.removeAttribute('aria-busy');
		}
	}

	paper.addEventListener('input', edited);
	date.value = isDate(from) && from >= session.today ? from
		: clockAt(serverNow(), session.timezone).time < at.value ? session.today : addDays(session.today, 1);
	await Promise.all([showMonth(monthOf(date.value)), top.refresh()]);
	grid.mark(date.value);
	name.focus();
	return { refresh: () => Promise.all([top.refresh(), load()]) };
}
