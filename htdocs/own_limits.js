/* The limits that an organization has beside the five: those of carriers, mailboxes and plans.  Shown, added, changed, removed. */
import { confirm } from './dialog.js';
import { labels, get, getWithTag, send } from './api.js';
import { el, fill, hidden, notice, sentence } from './dom.js';
import { decimal, decimalOf, field, form, refuse } from './form.js';
import { channelName, currencyName, quantity, rangesOf, shortDate } from './format.js';
import { countsText } from './limits.js';
import { session } from './session.js';
import { table } from './table.js';
import './page_strings.js';
import { t } from './strings.js';

const UNITS = ['message', 'part', 'cost'], WINDOWS = ['day', 'rolling', 'cycle', 'month', 'year'];

Object.assign(labels, { network: 'own.network', unit: 'own.unit', window: 'own.window', zone: 'settings.zone', hours: 'own.hours',
	amount: 'own.amount', action: 'own.action', preset: 'own.preset', channels: 'own.channels' });

const select = (values, textOf) => el('select', {}, values.map(v => el('option', { value: v }, textOf(v))));
const amountText = (amount, unit) => amount === null ? t('none') : quantity(amount, unit);

/* "2,000", and what comes later. */
const amountsText = ({ amounts, unit }) => amounts.map(({ validFrom, amount }, i) => [i ? el('br', {}) : null, validFrom > session.today
	? t('own.later', { amount: amountText(amount, unit), date: shortDate(validFrom) }) : amountText(amount, unit)]);

/* The fields of the form, what it sends, and how it shows a limit that there is. */
function fields(presets) {
	const preset = el('select', {}, el('option', { value: '' }, t('own.preset.none')), presets.map(p => el('option', { value: p.preset }, p.preset)));
	const name = el('input', { required: true, maxlength: 32, pattern: '[a-z0-9\\-]+', 'data-words': t('own.name.hint'), spellcheck: 'false' });
	const channels = session.channels.map(c => ({ channel: c, box: el('input', { type: 'checkbox', checked: c === 'SMS' }) }));
	const unit = select(UNITS, u => u === 'cost' ? currencyName() : t(`limit.unit.${u}`)), period = select(WINDOWS, w => t(`own.window.${w}`));
	const hours = el('input', { type: 'number', min: 1, max: 744, step: 1, required: true, value: '24' });
	const zone = el('input', { list: 'zones', maxlength: 63, placeholder: session.timezone, spellcheck: 'false' });
	const sender = el('input', { maxlength: 255, dir: 'auto', placeholder: t('own.any') });
	const network = el('input', { maxlength: 64, dir: 'auto', placeholder: t('own.any') });
	const amount = decimal({ placeholder: t('none') }), from = el('input', { type: 'date' });
	const action = select(['refuse', 'report'], a => t(`own.action.${a}`));
	const about = el('p', { class: 'quiet-text' });
	const counted = [el('fieldset', {}, el('legend', {}, t('own.channels')), el('div', { class: 'row' }, channels.map(({ channel, box }) =>
		el('label', { class: 'check' }, box, ' ', channelName(channel)))))];
	const of = { unit: field(t('own.unit'), unit, null, 'unit'), window: field(t('own.window'), period, null, 'window'),
		hours: field(t('own.hours'), hours, null, 'hours'), zone: field(t('own.zone'), zone, t('own.zone.hint'), 'zone'),
		network: field(t('own.network'), network, t('own.network.hint'), 'network') };

	/* Fields that mean nothing for the present choice are not there; a hidden field that is required could not be filled in. */
	function arrange() {
		const chosen = presets.find(p => p.preset === preset.value);

		about.textContent = chosen ? `${chosen.about[0].toUpperCase()}${chosen.about.slice(1)}.` : t('own.preset.about');
		[...counted, ...Object.values(of)].forEach(node => { node.hidden = Boolean(chosen); });
		of.hours.hidden ||= period.value !== 'rolling';
		of.zone.hidden ||= period.value !== 'day';
		hours.disabled = of.hours.hidden;
		amount.required = Boolean(chosen?.needsAmount);
		amount.placeholder = chosen && !chosen.needsAmount ? t('own.amount.preset') : t('none');
	}

	/* An empty amount is none of a limit that is spelled out, and that of the preset otherwise. */
	function values() {
		const text = decimalOf(amount), isMoney = preset.value === '' && unit.value === 'cost', given = isMoney || preset.value ? text : +text;
		const common = { ...(sender.value ? { from: sender.value } : {}), ...(from.value ? { validFrom: from.value } : {}), action: action.value };

		if (preset.value) {
			const number = /^[0-9]+$/.test(text) ? +text : text;
			return { preset: preset.value, ...common, ...(text ? { amount: number } : {}) };
		}
		return { channels: channels.filter(c => c.box.checked).map(c => c.channel), unit: unit.value, window: period.value,
			...(period.value === 'rolling' ? { hours: +hours.value } : {}), ...(period.value === 'day' && zone.value ? { zone: zone.value.trim() } : {}),
			...(network.value ? { network: network.value } : {}), ...common, amount: text ? given : null };
	}

	function show(limit) {
		const { rule } = limit;

		preset.value = '';
		name.value = limit.name;
		channels.forEach(({ channel, box }) => { box.checked = rule.channels.includes(channel); });
		unit.value = rule.unit;
		period.value = rule.window;
		hours.value = String(rule.hours || 24);
		zone.value = rule.zone || '';
		sender.value = rule.from || '';
		network.value = rule.network || '';
		amount.value = limit.amount === null ? '' : String(limit.amount);
		from.value = '';
		action.value = rule.action;
		arrange();
		amount.focus();
	}

	preset.addEventListener('change', arrange);
	period.addEventListener('change', arrange);
	arrange();
	return { name, values, show, nodes: [el('div', { class: 'pair' }, field(t('own.name'), name, t('own.name.hint'), 'name'),
		field(t('own.preset'), preset, null, 'preset')), about, counted, el('div', { class: 'pair' }, of.unit, of.window, of.hours, of.zone,
		field(t('own.from'), sender, t('own.from.hint'), 'from'), of.network, field(t('own.amount'), amount, null, 'amount'),
		field(t('own.validFrom'), from, t('own.validFrom.hint'), 'validFrom'), field(t('own.action'), action, null, 'action'))] };
}

const overText = days => rangesOf(days.map(d => d.date)).map(range => [...new Set(range)].map(shortDate).join(' – ')).join(' · ');

/* changed() is called after each change. */
export async function ownLimits(path, changed) {
	const list = el('div', { class: 'list own' }), said = el('div', {});
	const { data: { presets } } = await get(`${path}/limits?presets=true`), form_ = fields(presets);
	const one = name => `${path}/limits/${encodeURIComponent(name)}`;

	/* A limit that was shown is changed as it was then; any other name is that of a new one. */
	let shown = {};

	async function remove(limit) {
		if (!await confirm(sentence('own.remove.sure', { name: limit.name }), t('own.remove.what'), t('own.remove'), t('keys.leave')))
			return;
		try {
			await send('DELETE', one(limit.name));
			shown = limit.name === shown.name ? {} : shown;
			fill(said, notice('good', sentence('own.removed', { name: limit.name })));
			await load();
		} catch (error) {
			fill(said, notice('bad', error.message));
		}
	}

	const buttons = limit => el('div', { class: 'row' },
		el('button', { type: 'button', class: 'quiet small', onclick: () => show(limit) }, t('own.change'), hidden(` ${limit.name}`)),
		el('button', { type: 'button', class: 'danger small', onclick: () => remove(limit) }, t('own.remove'), hidden(` ${limit.name}`)));

	async function load() {
		const { data } = await get(`${path}/limits`), own = data.limits.filter(limit => limit.rule);

		fill(list, own.length ? table(t('own.title'), [{ head: t('limit.one') }, { head: t('limit.allowed'), number: true }, { head: '' }],
			own.map(limit => [[el('bdi', {}, limit.name), ' ', el('small', {}, countsText(limit))], amountsText(limit.rule), buttons(limit)]))
			: el('p', { class: 'empty' }, t('own.none')));
		await changed();
	}

	async function show(limit) {
		try {
			const { data, etag } = await getWithTag(one(limit.name));

			shown = { name: limit.name, etag };
			form_.show(data);
		} catch (error) {
			fill(said, notice('bad', error.message));
		}
	}

	/* Asks before a limit leaves days over it; null if nobody wants that. */
	async function save(body) {
		const name = form_.name.value, known = name === shown.name ? { 'If-Match': shown.etag } : { 'If-None-Match': '*' };
		const { data } = await send('PUT', one(name), { ...body, preview: true }, known);
		const days = data.daysOverLimit || [];

		if (days.length && !await confirm(t('own.sure', { n: days.length }), [el('p', {}, overText(days)), el('p', {}, t('settings.sure.what'))],
			t('save'), t('keys.leave')))
			return null;
		const saved = await send('PUT', one(name), body, known);

		shown = { name, etag: saved.etag };
		return saved.data;
	}

	await load();
	return el('section', { class: 'card wide', 'aria-label': t('own.title') }, el('h2', {}, t('own.title')), el('p', { class: 'quiet-text' },
		t('own.about')), list, form({ class: 'last' }, async paper => {
		try {
			const limit = await save(form_.values());
			if (!limit)
				return;
			fill(said, notice(limit.state || limit.daysOverLimit?.length ? 'warn' : 'good', limit.state ? t('own.building') : t('settings.saved'),
				limit.daysOverLimit?.length ? el('p', {}, t('settings.over', { n: limit.daysOverLimit.length }), ' ', overText(limit.daysOverLimit)) : null));
			await load();
		} catch (error) {
			refuse(paper, said, error.status === 412 ? { message: form_.name.value === shown.name ? t('own.stale') : t('own.taken') } : error);
		}
	}, el('h3', {}, t('own.add')), form_.nodes, el('p', {}, el('button', {}, t('own.save'))), said));
}
