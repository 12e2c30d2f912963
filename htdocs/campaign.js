/* #campaign/ID: one campaign; pause, resume, cancel, send now, and another time for what was not sent. */
import { clockAt, instantOf } from './zone.js';
import { confirm } from './dialog.js';
import { announce, el, fill, notice, sentence } from './dom.js';
import { form } from './form.js';
import { table } from './table.js';
import { get, getWithTag, query, send } from './api.js';
import { may, serverNow, session } from './session.js';
import { addDays } from './civil.js';
import { channelName, moment, number, rangesOf, refused, shortDate, time } from './format.js';
import './page_strings.js';
import { t } from './strings.js';

const VERBS = { pause: ['scheduled', 'sending'], resume: ['paused'], cancel: ['draft', 'scheduled', 'sending', 'paused'] };
const NOW = ['draft', 'scheduled', 'paused'];
const MOVABLE = ['draft', 'scheduled', 'sending', 'paused'];

/* A paused segment of a past day of which nothing is left has nothing to move. */
const isMovable = s => s.unfinished > 0 || (MOVABLE.includes(s.status) && (s.status !== 'paused' || s.date >= session.today));
const needsTime = s => s.status === 'paused' && s.unfinished > 0;

export async function open(place, id) {
	const path = `api/campaigns/${encodeURIComponent(id)}`;
	const said = el('div', {}), head = el('div', {}), body = el('div', {}), failures = el('div', {}), move = el('div', {});
	let tag, failurePages = 1, seen = '', isChanging = false;

	/* If somebody else was faster, it says so and shows how the campaign is now. */
	async function change(method, what, data, words) {
		if (isChanging)
			return;
		isChanging = true;
		try {
			await send(method, path + what, data, { 'If-Match': tag });
			fill(said, notice('good', words));
			announce(words);
			fill(move);
		} catch (error) {
			fill(said, notice('bad', error.status === 412 ? t('campaign.changed') : error.body.limit ? refused(error.body) : error.message));
		}
		await load().catch(() => {});	/* its present state; the next round shows it if this one cannot */
		isChanging = false;
		if (document.activeElement === document.body)	/* the button is gone */
			head.querySelector('h1').focus();
	}

	async function verb(name, campaign) {
		if (name === 'resume' && campaign.segments.some(needsTime))
			return reschedule(campaign, true);
		if (name !== 'cancel' || await confirm(sentence('campaign.cancel.sure', { name: campaign.name }), freed(campaign),
			t('campaign.cancel'), t('campaign.leave')))
			await change('POST', '/' + name, undefined, t(`campaign.${name}.done`));
	}

	/* What a cancellation frees, in quota units. */
	function freed(campaign) {
		const held = campaign.segments.filter(s => s.reserved > 0), dates = [...new Set(held.map(s => s.date))].sort();

		return dates.length === 0 ? t('campaign.cancel.nothing') : t(`campaign.cancel.frees.${session.quotaUnit}`, { n: held.reduce((n, s) => n + s.reserved, 0),
			days: rangesOf(dates).map(range => [...new Set(range)].map(shortDate).join(' – ')).join('; ') });
	}

	/* A campaign of one date is sent now: a draft is scheduled by that, a paused one resumed. */
	function sendNow(campaign) {
		const body = { scheduledISO: new Date(serverNow()).toISOString() };

		return campaign.status === 'paused' ? change('POST', '/resume', body, t('campaign.now.done'))
			: change('PUT', '', campaign.status === 'draft' ? { ...body, status: 'scheduled' } : body, t('campaign.now.done'));
	}

	/* The day that the form proposes: its own, or for what is left of a past day the next one with that time still to come. */
	const proposedDate = (s, was) => s.unfinished === 0 ? was.date
		: clockAt(serverNow(), session.timezone).time < was.time ? session.today : addDays(session.today, 1);

	/* A form of new times: to move what was not sent, or to resume those segments whose day is over. */
	function reschedule(campaign, isResumed) {
		const open = campaign.segments.filter(isResumed ? needsTime : isMovable);
		const rows = open.map(s => {
			const was = clockAt(Date.parse(s.scheduledISO), session.timezone), label = { k: s.segmentNumber };
			return { s, was, date: el('input', { type: 'date', required: true, value: proposedDate(s, was), 'aria-label': t('campaign.date.of', label) }),
				time: el('input', { type: 'time', required: true, value: was.time.slice(0, 5), 'aria-label': t('campaign.time.of', label) }),
				contacts: el('input', { type: 'number', min: 1, required: true, value: String(s.contactCount), 'aria-label':
					t('campaign.contacts.of', label) }) };
		});
		const paper = form({ class: 'card' }, () => {
			const changed = rows.map(r => ({ segmentNumber: r.s.segmentNumber,
				...(r.date.value !== r.was.date || r.time.value !== r.was.time.slice(0, 5)
					? { scheduledISO: new Date(instantOf(r.date.value, r.time.value, session.timezone)).toISOString() } : {}),
				...(+r.contacts.value !== r.s.contactCount ? { contactCount: +r.contacts.value } : {}) })).filter(r => Object.keys(r).length > 1);
			if (changed.length === 0)
				return fill(move);
			const { segmentNumber, ...single } = changed[0];
			return change(isResumed ? 'POST' : 'PUT', isResumed ? '/resume' : '', campaign.isSegmented ? { segments: changed } : single,
				t(isResumed ? 'campaign.resume.done' : 'campaign.moved'));
		}, el('h2', {}, t(isResumed ? 'campaign.resume.on' : 'campaign.reschedule')),
		el('p', { class: 'quiet-text' }, t('campaign.zone', { zone: session.timezone })),
		table(t('campaign.reschedule'), [{ head: t('campaign.segment.one') }, { head: t('campaign.date') }, { head: t('campaign.time') },
			{ head: t('campaign.contacts') }], rows.map(r => [String(r.s.segmentNumber), r.date, r.time,
			isResumed ? number(r.s.unfinished) : r.contacts])),
		el('p', { class: 'buttons' }, el('button', { class: 'primary' }, t(isResumed ? 'campaign.resume' : 'campaign.move')),
			el('button', { type: 'button', class: 'quiet', onclick: () => fill(move) }, t('no'))));

		fill(move, paper);
		rows[0].date.focus();
	}

	function show(campaign, failed, more) {
		const isUnfinished = campaign.unfinished > 0;
		const button = name => VERBS[name].includes(campaign.status) || (name === 'cancel' && isUnfinished)
			? el('button', { type: 'button', class: name === 'cancel' ? 'danger' : null, onclick: () => verb(name, campaign) },
				t(`campaign.${name}`)) : null;

		fill(head, el('p', {}, el('a', { href: '#campaigns' }, `‹ ${t('menu.campaigns')}`)), el('div', { class: 'toolbar' },
			el('h1', { tabindex: -1 }, el('bdi', {}, campaign.name), ' ', el('span', { class: `chip status-${campaign.status}` }, t(`status.${campaign.status}`))),
			may('campaigns:write') ? el('div', { class: 'buttons' },
				campaign.status === 'draft' ? el('button', { type: 'button', class: 'primary', onclick: () => change('PUT', '', { status: 'scheduled' },
					t('campaign.scheduled')) }, t('campaign.schedule')) : null,
				!campaign.isSegmented && (isUnfinished || NOW.includes(campaign.status)) && isMovable(campaign.segments[0])
					? el('button', { type: 'button', onclick: () => sendNow(campaign) }, t('campaign.now')) : null,
				campaign.segments.some(isMovable) ? el('button', { type: 'button', onclick: () => reschedule(campaign) },
					t('campaign.reschedule')) : null, button('pause'), button('resume'), button('cancel')) : null));
		fill(body, el('p', { class: 'quiet-text' }, t('campaign.sends', { channel: channelName(campaign.channel || 'SMS') }), ' ',
			campaign.from ? [el('bdi', {}, t('campaign.from', { from: campaign.from })), ' '] : null,
			campaign.tag ? [el('bdi', {}, t('campaign.tag', { tag: campaign.tag })), ' '] : null, t('campaign.summary', { n: campaign.contactCount, id: campaign.campaignId,
			at: moment(campaign.createdAt) })), isUnfinished ? notice('plain', t('campaign.unfinished', { n: campaign.unfinished })) : null,
		table(t('campaign.segments'), [{ head: t('campaign.segment.one') }, { head: t('campaign.date') }, { head: t('campaign.time') },
			{ head: t('campaign.contacts'), number: true }, { head: t('bar.sent'), number: true }, { head: t('campaign.failed'), number: true },
			{ head: t('bar.reserved'), number: true }, { head: t('campaign.status') }],
		campaign.segments.map(s => [String(s.segmentNumber), el('a', { href: `#calendar/${s.date}` }, shortDate(s.date)), time(s.scheduledISO),
			number(s.contactCount), number(s.sent), number(s.failed), number(s.reserved),
			el('span', { class: `chip status-${s.status}` }, t(`status.${s.status}`))])));
		fill(failures, failed.length ? [el('h2', {}, t('day.failures')), table(t('day.failures'), [{ head: t('failure.phone') },
			{ head: t('failure.reason') }, { head: t('campaign.segment.one') }, { head: t('failure.at') }],
		failed.map(f => [f.phoneNumber || t('failure.blanked'), f.reason, String(f.segmentNumber), moment(f.failedAt)])),
		more ? el('button', { type: 'button', onclick: () => {
			failurePages++;
			load().catch(error => fill(said, notice('bad', error.message)));
		} }, t('more')) : null] : null);
	}

	async function load() {
		const first = await getWithTag(path), failed = [...first.failedDetails];
		let cursor = first.nextCursor;
		tag = first.etag;
		for (let page = 1; page < failurePages && cursor; page++) {
			const next = await get(path + query({ cursor }));
			failed.push(...next.failedDetails);
			cursor = next.nextCursor;
		}
		const now = JSON.stringify([first.data, failed]);
		if (now !== seen)
			show(first.data, failed, cursor !== null);
		seen = now;
	}

	await load();
	fill(place, head, said, move, body, failures);
	return { refresh: load };
}
