/* API keys: made, shown once, revoked. */
import { confirm } from './dialog.js';
import { el, fill, hidden, notice } from './dom.js';
import { field, form } from './form.js';
import { table } from './table.js';
import { get, send } from './api.js';
import { may, serverNow } from './session.js';
import { moment, shortDate } from './format.js';
import './page_strings.js';
import { t } from './strings.js';

const SCOPES = ['usage:read', 'usage:write', 'usage:backfill', 'campaigns:write', 'org:admin'];

export async function keys(path) {
	const list = el('div', { class: 'list' }), said = el('div', {}), name = el('input', { maxlength: 100, required: true });
	const until = el('input', { type: 'date' });
	const boxes = SCOPES.filter(may).map(s => ({ scope: s, box: el('input', { type: 'checkbox', checked: s === 'usage:read' }) }));

	async function revoke(key) {
		if (!await confirm(t('keys.revoke.sure', { name: key.name || key.id }), t('keys.revoke')))
			return;
		try {
			await send('DELETE', `${path}/api-keys/${encodeURIComponent(key.id)}`);
			fill(said, notice('good', t('keys.revoked', { name: key.name || key.id })));
			await load();
		} catch (error) {
			fill(said, notice('bad', error.message));
		}
	}

	/* Revoked, expired, or what revokes it. */
	function state(k) {
		if (k.revokedAt)
			return t('keys.revoked.at', { at: moment(k.revokedAt) });
		if (k.expiresAt && Date.parse(k.expiresAt) <= serverNow())
			return t('keys.expired');
		return el('button', { type: 'button', class: 'danger small', onclick: () => revoke(k) }, t('keys.revoke'), hidden(` ${k.name || k.id}`));
	}

	async function load() {
		const { data } = await get(`${path}/api-keys`);
		fill(list, data.apiKeys.length ? table(t('keys.title'), [{ head: t('keys.name') }, { head: t('keys.scopes') }, { head: t('keys.made') },
			{ head: t('keys.used') }, { head: t('keys.expires') }, { head: t('keys.state') }],
		data.apiKeys.map(k => [k.name || String(k.id), k.scopes.join(' '), moment(k.createdAt), k.lastUsedAt ? shortDate(k.lastUsedAt.slice(0, 10)) : t('keys.never'),
			k.expiresAt ? moment(k.expiresAt) : t('keys.never'), state(k)]))
			: el('p', { class: 'empty' }, t('keys.none')));
	}

	/* Shown until the page is left; nobody can show it again. */
	function showOnce(made) {
		const secret = el('input', { readonly: true, class: 'code', value: made.secret, onfocus: event => event.target.select() });

		fill(said, notice('good', el('p', {}, t('keys.once')), field(t('keys.secret'), secret)));
		secret.focus();
	}

	await load();
	return el('section', { class: 'card', 'aria-label': t('keys.title') }, el('h2', {}, t('keys.title')), el('p', { class: 'quiet-text' }, t('keys.about')),
		list, form({ class: 'last' }, async node => {
			try {
				showOnce((await send('POST', `${path}/api-keys`, { name: name.value, scopes: boxes.filter(b => b.box.checked).map(b => b.scope),
					expiresAt: until.value ? `${until.value}T23:59:59.999Z` : null })).data);
				node.reset();
				await load();
			} catch (error) {
				fill(said, notice('bad', error.message));
			}
		}, field(t('keys.name'), name), el('fieldset', {}, el('legend', {}, t('keys.scopes')), el('div', { class: 'row' }, boxes.map(b =>
			el('label', { class: 'check' }, b.box, ' ', b.scope)))), field(t('keys.until'), until, t('keys.until.hint')),
		el('p', {}, el('button', {}, t('keys.make')))), said);
}
