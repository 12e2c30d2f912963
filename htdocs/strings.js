/*
 * The words of the first page, and of all pages; page_strings.js has those of the others.  What the server says is in
 * neither.  To translate them, copy both files and change the texts and the language.  {n} is replaced by a value, numbers
 * as the language writes them; an entry with one and other is chosen by n.
 */
export const language = 'en';

const strings = {
	language: 'en',
	loading: 'Loading …',
	save: 'Save',
	close: 'Close',
	no: 'No, go back',
	more: 'Show more',
	again: 'Try again',
	none: 'none',
	csv: 'CSV', 'csv.done': '{name} is in your downloads.',
	'error.status': 'The server answered with the status {status}.', 'error.away': 'The server does not answer.',
	'error.forbidden': 'This credential may not do that.', printed: '{who} · printed {at} ({zone})',
	'away.down': 'The server does not answer. Trying again; nothing you typed is lost.',
	'menu.label': 'Pages', 'menu.skip': 'Skip to the page', 'menu.signout': 'Sign out', 'menu.calendar': 'Calendar',
	'menu.campaigns': 'Campaigns', 'menu.campaign': 'Campaign', 'menu.planner': 'Planner', 'menu.usage': 'Usage',
	'menu.settings': 'Settings', 'menu.audit': 'Audit log', 'menu.api': 'API',
	'signin.title': 'Sign in to Daybook', 'signin.credential': 'Token or API key', 'signin.button': 'Sign in',
	'signin.hint': 'The token that daybook token --org ID prints, or an API key (dbk_…). It is kept until you close the last tab of Daybook.',
	'signin.notoken': 'This is not a token: it has characters that a token never has. Copy it again, from its first to its last character.',
	'signin.expired': 'The credential has expired or was revoked. Sign in again; what you typed is still there.',
	'signin.refused': 'The server does not accept this credential: it is wrong, expired or revoked.',
	'session.everyone': 'All organizations', 'session.newday': 'A new day has begun.',
	'session.noorg': 'You are signed in for all organizations, and these pages show one. Sign in with a link, a token or a key of one organization.',
	'session.notallowed': 'This credential may not see this page. Sign in with one that may.',
	'bar.sent': 'sent', 'bar.reserved': 'reserved', 'bar.free': 'free', 'bar.proposed': 'proposed', 'bar.over': 'over',
	'bar.limit': 'limit',
	'banner.label': 'SMS quota today', 'banner.today': 'SMS today', 'banner.plan': 'plan {name}',
	'banner.others': 'Also sent, which no daily limit counts: {list}.',
	'banner.cap': '{limit} reached: {used} of {amount}. Nothing can be reserved before {date}.',
	'banner.cap.held': '{used} and {held} reserved',
	'banner.cap.others': '{limit} reached: {used} of {amount}. It begins again on {date}.',
	'banner.cap.moves': '{limit} reached: {used} of {amount}. Room comes back as what was sent gets older.',
	'banner.cap.reported': '{limit} reached: {used} of {amount}. It is only reported; nothing is refused.',
	'legend.sent': 'SMS sent', 'legend.reserved': 'SMS reserved', 'legend.proposed': 'proposed', 'legend.free': 'free',
	'settings.plan': 'Plan', 'banner.sent': 'Sent', 'banner.reserved': 'Reserved', 'banner.free': 'Free',
	'banner.over': 'Over the limit', 'banner.limit': 'Daily limit', 'banner.unlimited': 'unlimited',
	'banner.room': 'Next date with room for', 'banner.contacts': 'contacts', 'banner.free.on': '{n} free',
	'banner.badcount': 'Give a whole number.',
	'calendar.previous': 'Previous', 'calendar.next': 'Next', 'calendar.today': 'Today',
	'calendar.keys': 'Arrow keys move by day and week, Page Up and Page Down by month, Enter opens a day.',
	'calendar.nothing': 'Nothing is sent or planned in these weeks.', 'calendar.plan': 'Plan a campaign',
	'calendar.post': 'Post what you send',
	'day.today': 'Today', 'day.full': 'full', 'day.none': 'none allowed', 'day.hours': '{n} h', 'day.more': '+{n} more', 'day.andmore': 'and {n} more',
	'status.draft': 'draft', 'status.scheduled': 'scheduled', 'status.sending': 'sending', 'status.paused': 'paused',
	'status.sent': 'sent', 'status.failed': 'failed', 'status.cancelled': 'cancelled',
	'planner.next': 'The next day with room is {date}.',
	'limit.dailyLimit': 'daily SMS limit',
	'limit.messagesCap': 'other-messages cap of the billing cycle', 'limit.costCap': 'cost cap of the billing cycle',
	'limit.smsCap': 'SMS cap of the billing cycle', 'limit.callCap': 'call cap of the billing cycle',
	'limit.other': 'limit "{name}"', 'limit.unit.message': 'messages', 'limit.unit.part': 'parts',
	'currency.USD': 'US dollars', 'limit.window.day': 'each day', 'limit.window.cycle': 'each billing cycle',
	'limit.window.month': 'each month', 'limit.window.year': 'each year', 'limit.window.rolling': 'over the last hours or days',
	'limit.day': 'Limited by the {limit}: {n} left.', 'limit.nonext': 'None of the coming days has room for so many.',
	'limit.refused': 'The {limit} has {available} left for {date}, and {needed} are needed.',
	'channel.SMS': 'SMS', 'channel.CALL': 'Calls', 'channel.EMAIL': 'E-mail', 'channel.INAPP_WEB': 'In-app',
	'channel.WEB_PUSH': 'Web push', 'channel.PUSH': 'Push', 'channel.SLACK': 'Slack', 'channel.WHATSAPP': 'WhatsApp',
	'channel.SAGE': 'Sage',
	'unit.message': 'messages', 'unit.part': 'parts',
};

const plural = new Intl.PluralRules(language), numbers = new Intl.NumberFormat(language);

/* Adds the words of pages that are loaded when they are opened, so that the first page stays light. */
export const addStrings = more => Object.assign(strings, more);

/* What the keys that match have in their group. */
export const keysOf = pattern => Object.keys(strings).map(key => pattern.exec(key)?.[1]).filter(Boolean);

export function t(key, values = {}) {
	let text = strings[key];

	if (text === undefined)
		return key;
	if (typeof text === 'object')
		text = text[plural.select(values.n)] || text.other;
	return text.replace(/\{(\w+)\}/g, (whole, name) => typeof values[name] === 'number' ? numbers.format(values[name]) : values[name] ?? whole);
}
