/*
 * Every word that the dashboard shows, but for what the server says.  To translate it, copy this file and change the
 * texts and the language.  {n} is replaced by a value, numbers as the language writes them; an entry with one and
 * other is chosen by n.
 */
export const language = 'en';

const strings = {
	language: 'en', loading: 'Loading …', save: 'Save', close: 'Close', no: 'No, go back', more: 'Show more', again: 'Try again', none: 'none',
	csv: 'CSV', 'csv.done': '{name} is in your downloads.',
	'error.status': 'The server answered with the status {status}.', 'error.away': 'The server does not answer.',
	'error.forbidden': 'This credential may not do that.',
	'away.down': 'The server does not answer. Trying again; nothing you typed is lost.',

	'menu.label': 'Pages', 'menu.skip': 'Skip to the page', 'menu.signout': 'Sign out', 'menu.calendar': 'Calendar', 'menu.campaigns': 'Campaigns',
	'menu.campaign': 'Campaign', 'menu.planner': 'Planner', 'menu.usage': 'Usage', 'menu.settings': 'Settings', 'menu.audit': 'Audit log', 'menu.api': 'API',

	'signin.title': 'Sign in to Daybook', 'signin.credential': 'Token or API key', 'signin.button': 'Sign in',
	'signin.hint': 'The token that daybook token --org ID prints, or an API key (dbk_…). It is kept in this tab only, until you close it.',
	'signin.expired': 'The credential has expired or was revoked. Sign in again; what you typed is still there.',
	'signin.refused': 'The server does not accept this credential: it is wrong, expired or revoked.',
	'session.everyone': 'All organizations', 'session.newday': 'A new day has begun.',
	'session.noorg': 'This token does not name an organization. Create one that does: daybook token --org ID',
	'session.notallowed': 'This credential may not see this page. Sign in with one that may.',

	'bar.sent': 'sent', 'bar.reserved': 'reserved', 'bar.free': 'free', 'bar.proposed': 'proposed', 'bar.over': 'over', 'bar.limit': 'limit',
	'banner.label': 'Quota today', 'banner.sent': 'Sent', 'banner.reserved': 'Reserved', 'banner.free': 'Free', 'banner.over': 'Over the limit',
	'banner.limit': 'Daily limit', 'banner.unlimited': 'unlimited', 'banner.room': 'Next date with room for', 'banner.contacts': 'contacts',
	'banner.free.on': '{n} free', 'banner.badcount': 'Give a whole number.',

	'calendar.label': 'Calendar', 'calendar.previous': 'Previous', 'calendar.next': 'Next', 'calendar.today': 'Today',
	'calendar.keys': 'Arrow keys move by day and week, Page Up and Page Down by month, Enter opens a day.',
	'calendar.nothing': 'Nothing is sent or planned in these weeks.',
	'calendar.plan': 'Plan a campaign', 'calendar.post': 'Post what you send',

	'day.today': 'Today', 'day.full': 'full', 'day.over': 'closed', 'day.hours': '{n} h', 'day.more': '+{n} more',
	'day.hours.long': 'The clocks change: this day has {n} hours.', 'day.campaigns': 'Campaigns of the day',
	'day.nocampaigns': 'No campaigns on this day.', 'day.failures': 'Could not be reached', 'day.plan': 'Plan a campaign from this day on',

	'status.draft': 'draft', 'status.scheduled': 'scheduled', 'status.sending': 'sending', 'status.paused': 'paused', 'status.sent': 'sent',
	'status.failed': 'failed', 'status.cancelled': 'cancelled',
	'failure.phone': 'Phone number', 'failure.reason': 'Reason', 'failure.at': 'When', 'failure.blanked': '(erased)',

	'campaigns.all': 'all', 'campaigns.none': 'No campaigns.', 'campaigns.new': 'Plan a campaign',
	'campaign.one': 'Campaign', 'campaign.days': 'Days', 'campaign.contacts': 'Contacts', 'campaign.failed': 'failed', 'campaign.status': 'Status',
	'campaign.time': 'Time', 'campaign.date': 'Date', 'campaign.segment': '{k} of {n}', 'campaign.segment.one': 'Segment', 'campaign.segments': 'Segments',
	'campaign.summary': { one: '{n} contact · {id} · created {at}', other: '{n} contacts · {id} · created {at}' },
	'campaign.pause': 'Pause', 'campaign.resume': 'Resume', 'campaign.cancel': 'Cancel campaign', 'campaign.reschedule': 'Reschedule',
	'campaign.schedule': 'Schedule', 'campaign.scheduled': 'The draft is scheduled; its quota is reserved.',
	'campaign.pause.done': 'Paused. Its quota stays reserved.', 'campaign.resume.done': 'Resumed.',
	'campaign.cancel.done': 'Cancelled. What was not used is free again.', 'campaign.cancel.sure': 'Cancel "{name}"? This cannot be undone.',
	'campaign.now': 'Send now', 'campaign.now.done': 'It is to be sent now; its quota of today is reserved.',
	'campaign.resume.on': 'Resume on another day',
	'campaign.unfinished': { one: '{n} contact was left when its day ended. It holds no quota: move it to another day, or cancel.',
		other: '{n} contacts were left when their day ended. They hold no quota: move them to another day, or cancel.' },
	'campaign.move': 'Move', 'campaign.moved': 'Moved.', 'campaign.zone': 'Dates and times are those of {zone}.',
	'campaign.date.of': 'Date of segment {k}', 'campaign.time.of': 'Time of segment {k}', 'campaign.contacts.of': 'Contacts of segment {k}',
	'campaign.changed': 'Somebody else has changed the campaign in the meantime; your change was not made. Its present state is shown.',

	'planner.what': 'What to plan', 'planner.calendar': 'The proposal on the calendar', 'planner.name': 'Name', 'planner.contacts': 'Contacts',
	'planner.date': 'First date', 'planner.time': 'Time', 'planner.zone': 'In {zone}', 'planner.parts': 'Parts of each message',
	'planner.parts.hint': 'What the carrier bills for one contact: 1 for a short text.', 'planner.propose': 'Propose days',
	'planner.proposal': 'Proposal', 'planner.nothingyet': 'Nothing is reserved yet.',
	'planner.reserve': { one: 'Reserve {n} contact', other: 'Reserve all {n} contacts' }, 'planner.drop': 'Discard',
	'planner.announce': 'Proposed: {n} contacts in {days} segments. Nothing is reserved yet.',
	'planner.done': '"{name}" is reserved: {n} contacts.', 'planner.see': 'See the campaign',
	'planner.faster': 'Somebody else was faster. {why} Nothing was reserved. Below is a new proposal.',
	'planner.next': 'The next day with room is {date}.',
	'planner.unsure': 'The server does not answer. When it is back, press the button again: nothing is reserved twice.',

	'limit.title': 'Limits', 'limit.one': 'Limit', 'limit.used': 'Used', 'limit.left': 'Left', 'limit.allowed': 'Allowed', 'limit.resets': 'Begins again',
	'limit.none': 'No limits are set.', 'limit.reported': 'Only reported; nothing is refused.', 'limit.counts': '{channels}: {unit}, {window}.',
	'limit.dailyLimit': 'daily limit', 'limit.messagesCap': 'message cap of the billing cycle', 'limit.costCap': 'cost cap of the billing cycle',
	'limit.smsCap': 'SMS cap of the billing cycle', 'limit.callCap': 'call cap of the billing cycle', 'limit.other': 'limit "{name}"',
	'limit.unit.message': 'messages', 'limit.unit.part': 'parts', 'limit.unit.cost': 'US dollars',
	'limit.window.day': 'each day', 'limit.window.cycle': 'each billing cycle', 'limit.window.month': 'each month', 'limit.window.year': 'each year',
	'limit.window.rolling': 'over the last hours or days',
	'limit.day': 'Limited by the {limit}: {n} left.', 'limit.nonext': 'None of the coming days has room for so many.',
	'limit.refused': 'The {limit} has {available} left for {date}, and {needed} are needed.',

	'usage.cycle': 'This billing cycle, {from} to {to}', 'usage.overage': 'Caps are only reported; nothing is refused.',
	'usage.cost': 'Cost', 'usage.sms': 'SMS', 'usage.calls': 'Calls', 'usage.messages': 'Other messages', 'usage.nocap': 'no cap', 'usage.of': 'of {cap}',
	'usage.over': 'over the cap', 'usage.channels': 'Channels of this cycle', 'usage.channel': 'Channel', 'usage.count': 'Messages', 'usage.share': 'Share',
	'usage.nothing': 'Nothing was sent in this cycle.', 'usage.months': 'The last 24 months', 'usage.history': 'History', 'usage.month': 'Month', 'usage.costSms': 'SMS cost',
	'usage.costCall': 'Call cost', 'usage.chart': 'Messages by channel and cost, {from} to {to}. The table below has the figures.',
	'usage.export': 'Single events', 'usage.from': 'From', 'usage.to': 'To', 'usage.events': 'Download CSV',
	'channel.SMS': 'SMS', 'channel.CALL': 'Calls', 'channel.EMAIL': 'E-mail', 'channel.INAPP_WEB': 'In-app', 'channel.WEB_PUSH': 'Web push',
	'channel.PUSH': 'Push', 'channel.SLACK': 'Slack', 'channel.WHATSAPP': 'WhatsApp', 'channel.SAGE': 'Sage',

	'settings.saved': 'Saved.', 'settings.moved': 'Segments on another day now:', 'settings.over': 'Days over the limit:',
	'settings.profile': 'Organization', 'settings.name': 'Name', 'settings.week': 'First day of the week', 'settings.zone': 'Time zone',
	'settings.zone.about': 'A new zone applies from the next day on; past days stay as they were.',
	'settings.recut': 'Recompute all days, past ones too: may change reported months', 'settings.recut.yes': 'Recompute all days',
	'settings.recut.sure': 'Recompute all days in {zone}? Days and months that were already reported may change.',
	'settings.decimal': 'A number with a decimal point, such as 12.5',
	'settings.plan': 'Plan', 'settings.plan.about': 'A word that the calendar shows. It changes no limit.', 'settings.limits': 'Limits and caps',
	'settings.limits.about': 'An empty field means no limit. A lower limit cancels nothing that is already reserved.', 'settings.daily': 'Daily limit',
	'settings.unit': 'Daily limit counts', 'unit.message': 'messages', 'unit.part': 'parts', 'settings.cycleDay': 'Billing cycle starts on day',
	'settings.costCap': 'Cost cap, US dollars', 'settings.messagesCap': 'Message cap', 'settings.smsCap': 'SMS cap', 'settings.callCap': 'Call cap',
	'settings.overage': 'Only report caps; refuse nothing',
	'prices.title': 'Prices', 'prices.about': 'What one part costs, from a given day on. Your own price overrides the common one.', 'prices.none': 'No prices yet.',
	'prices.usd': 'US dollars per part', 'prices.from': 'From', 'prices.of': 'Whose', 'prices.organization': 'your own', 'prices.all': 'common',
	'prices.set': 'Set the price',
	'prices.conflict': 'Events on or after that day would cost a different amount. Choose to reprice them, or choose a later day.', 'prices.reprice': 'Also reprice existing events from that day on',
	'keys.title': 'API keys', 'keys.about': 'For programs that post events or read figures.', 'keys.none': 'No API keys yet.', 'keys.name': 'Name of the key',
	'keys.scopes': 'Scopes', 'keys.made': 'Created', 'keys.state': 'State', 'keys.make': 'Create a key', 'keys.secret': 'The key',
	'keys.once': 'Copy the key now: it is shown only once.', 'keys.revoke': 'Revoke', 'keys.revoked': '{name} is revoked.',
	'keys.revoked.at': 'revoked {at}', 'keys.revoke.sure': 'Revoke "{name}"? Programs that use it are refused from now on.',
	'audit.at': 'When', 'audit.action': 'What', 'audit.by': 'Who', 'audit.detail': 'Detail', 'audit.none': 'Nothing was changed yet.',
	'audit.change': '{name}: {from} → {to}', 'audit.same': 'No value is different now.', 'audit.segment': 'Segment {k}: {changes}',
	'audit.price': '{channel} from {date}: {changes}', 'audit.campaign': 'Campaign {id}: {changes}', 'audit.moved': 'Segments on another day now: {n}',
	'audit.over': 'Days over the limit: {n}', 'audit.on': 'yes', 'audit.off': 'no', 'audit.unlimited': 'unlimited', 'audit.empty': '(empty)',
	'audit.cli': 'the command on the server', 'audit.system': 'Daybook itself', 'audit.apikey': 'API key {id}', 'audit.jwt': 'a token of the key {id}',
	'audit.org.add': 'Organization added', 'audit.org.set': 'Organization changed', 'audit.org.recut': 'Days recomputed',
	'audit.org.tzdata': 'Time zone rules updated', 'audit.org.rebuild': 'Figures recomputed', 'audit.price.set': 'Price set',
	'audit.campaign.add': 'Campaign added', 'audit.campaign.set': 'Campaign changed', 'audit.campaign.delete': 'Campaign deleted',
	'audit.event.void': 'Event voided', 'audit.event.backfill': 'Old events posted', 'audit.apikey.add': 'API key created',
	'audit.apikey.revoke': 'API key revoked', 'audit.key.add': 'Signing key added', 'audit.key.retire': 'Signing key retired',
	'audit.setting.set': 'Setting changed', 'audit.failure.erase': 'Phone number erased', 'audit.file.restore': 'Database restored',
	'audit.of.name': 'Name', 'audit.of.timezone': 'Time zone', 'audit.of.tzdata': 'Time zone rules', 'audit.of.plan': 'Plan',
	'audit.of.dailyLimit': 'Daily limit', 'audit.of.quotaUnit': 'Daily limit counts', 'audit.of.cycleDay': 'Billing cycle starts on day',
	'audit.of.weekStart': 'First day of the week', 'audit.of.messagesCap': 'Message cap', 'audit.of.costCapMicros': 'Cost cap', 'audit.of.smsCap': 'SMS cap',
	'audit.of.callCap': 'Call cap', 'audit.of.allowOverage': 'Only report caps', 'audit.of.usdPerPart': 'Price of a part',
	'audit.of.contactCount': 'Contacts', 'audit.of.scheduledISO': 'Time', 'audit.of.status': 'Status', 'audit.of.partsPerContact': 'Parts of each message',
	'api.about': 'Requests are sent to this server with the credential of this tab.', 'api.server': 'Server', 'api.choice': 'Choice',
};

const plural = new Intl.PluralRules(language), numbers = new Intl.NumberFormat(language);

export function t(key, values = {}) {
	let text = strings[key];

	if (text === undefined)
		return key;
	if (typeof text === 'object')
		text = text[plural.select(values.n)] || text.other;
	return text.replace(/\{(\w+)\}/g, (whole, name) => typeof values[name] === 'number' ? numbers.format(values[name]) : values[name] ?? whole);
}
