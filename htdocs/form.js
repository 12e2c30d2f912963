/* Forms and their fields. */
import { labels } from './api.js';
import { el } from './dom.js';

let fields = 0;

Object.assign(labels, { name: 'settings.name', timezone: 'settings.zone', plan: 'settings.plan', dailyLimit: 'settings.daily', quotaUnit: 'settings.unit',
	cycleDay: 'settings.cycleDay', costCap: 'settings.costCap', messagesCap: 'settings.messagesCap', smsCap: 'settings.smsCap',
	callCap: 'settings.callCap', usd: 'prices.usd', validFrom: 'prices.from', scopes: 'keys.scopes', expiresAt: 'keys.until', contactCount: 'planner.contacts',
	totalContacts: 'planner.contacts', partsPerContact: 'planner.parts', scheduledISO: 'campaign.time', firstSegmentDate: 'planner.date',
	firstSegmentTime: 'planner.time' });

/* A labelled input, select or other control.  hint: a line below it. */
export function field(label, control, hint) {
	control.id = control.id || `field${++fields}`;
	const hintId = hint ? control.id + '-hint' : null;
	if (hint)
		control.setAttribute('aria-describedby', hintId);
	return el('div', { class: 'field' }, el('label', { for: control.id }, label), control,
		hint ? el('small', { id: hintId }, hint) : null);
}

/*
 * A form that is sent once at a time, however often its button is pressed; send(form) says itself what went wrong.  The
 * button is not disabled meanwhile: who pressed it by a key would lose his place.
 */
export function form(props, send, ...children) {
	return el('form', { ...props, onsubmit: async event => {
		const node = event.target;

		event.preventDefault();
		if (node.hasAttribute('aria-busy'))
			return;
		node.setAttribute('aria-busy', 'true');
		try {
			await send(node);
		} finally {
			node.removeAttribute('aria-busy');
		}
	} }, ...children);
}
