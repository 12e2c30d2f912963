/* What a part costs, by channel and from which day on. */
import { el, fill, notice } from './dom.js';
import { decimal, decimalOf, field, form, refuse } from './form.js';
import { table } from './table.js';
import { get, send } from './api.js';
import { channelName, currencyName, price, shortDate } from './format.js';
import { session } from './session.js';
import './page_strings.js';
import { t } from './strings.js';

const perPart = () => t('prices.usd.in', { currency: currencyName() });

export async function prices(path) {
	const list = el('div', { class: 'list' }), said = el('div', {});
	const channel = el('select', {}, session.channels.map(c => el('option', { value: c }, channelName(c))));
	const usd = decimal({ required: true });
	const from = el('input', { type: 'date', required: true, value: session.today });
	const reprice = el('input', { type: 'checkbox' });

	async function load() {
		const { data } = await get(`${path}/prices`);
		fill(list, data.prices.length ? table(t('prices.title'), [{ head: t('usage.channel') }, { head: perPart(), number: true },
			{ head: t('prices.from') }, { head: t('prices.of') }],
		data.prices.map(p => [channelName(p.channel), price(p.usd), shortDate(p.validFrom), t(`prices.${p.of}`)]))
			: el('p', { class: 'empty' }, t('prices.none')));
	}

	/* Asks until the job has ended: each reply is followed by a turn of it. */
	async function watch(number) {
		for (;;) {
			const { data } = await get(`${path}/jobs/${number}`);
			if (data.state === 'done' || !said.isConnected)
				return fill(said, notice('good', t('prices.done')));
			fill(said, notice('good', t('prices.job', { n: Math.floor(data.quartersDone / 96), of: Math.ceil(data.quartersTotal / 96) })));
			await new Promise(resolve => setTimeout(resolve, 500));
		}
	}

	await load();
	return el('section', { class: 'card', 'aria-label': t('prices.title') }, el('h2', {}, t('prices.title')), el('p', { class: 'quiet-text' },
		t('prices.about')), list, form({ class: 'last' }, async paper => {
		try {
			const { data } = await send('POST', `${path}/prices`, { channel: channel.value, usd: decimalOf(usd), validFrom: from.value,
				...(reprice.checked ? { reprice: true } : {}) });
			await load();
			await (data.job ? watch(data.job) : fill(said, notice('good', t('settings.saved'))));
		} catch (error) {
			refuse(paper, said, error.status === 409 && !reprice.checked ? { message: t('prices.conflict') } : error);
		}
	}, el('div', { class: 'row' }, field(t('usage.channel'), channel, null, 'channel'), field(perPart(), usd, null, 'usd'),
		field(t('prices.from'), from, null, 'validFrom'), el('label', { class: 'check' }, reprice, ' ', t('prices.reprice')),
		el('button', {}, t('prices.set'))), said));
}
