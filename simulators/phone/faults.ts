import type { Billing } from '../billing/billing.ts';
import type { Dpi } from '../dpi/dpi.ts';
import type { Faults as CallFaults } from '../freeswitch/session.ts';
import type { Shop } from '../shop/shop.ts';
import type { Smsc } from '../smsc/smsc.ts';
import type { UssdCentre } from '../ussd-centre/ussd-centre.ts';
import type { FaultSwitch } from './network.ts';

/** Faults of calls; a call keeps those it began with. */
export type CallFaultSwitches = { -readonly [Name in keyof CallFaults]?: CallFaults[Name] | undefined };

export interface Breakable {
  readonly smsc: Smsc;
  readonly ussd: UssdCentre;
  readonly billing: Billing;
  readonly call: CallFaultSwitches;
  readonly dpi: Dpi;
  readonly shop: Shop;
}

/** Everything a person may break, in the order of the page. */
export function faultSwitches({ smsc, ussd, billing, call, dpi, shop }: Breakable): FaultSwitch[] {
  return [
    ...smscSwitches(smsc),
    ...inGroup('USSD centre', 'ussd', [
      toggle('silentSubscriber', 'Silent subscriber', 'What you answer goes nowhere.', ussd.faults),
      count('abortAtStep', 'Abort at screen', 'The network ends the session there; 0 is off.', ussd.faults),
      toggle('wrongSessionId', 'Wrong session', 'Answers carry the number of another session.', ussd.faults),
      toggle('silent', 'Silent link', 'No PDU is answered any more.', ussd.faults),
    ]),
    ...inGroup('Voice switch', 'ivr', [
      toggle('latin1Name', 'Latin-1 caller name', 'The caller has an octet that is no UTF-8.', call),
      toggle('splitEveryByte', 'One octet a packet', 'Calls arrive in crumbs.', call),
      toggle('resetMidCall', 'Connection reset', 'Calls are cut in their first prompt.', call),
      toggle('silent', 'Silent switch', 'The switch connects and says nothing.', call),
    ]),
    ...inGroup('DPI', 'dpi', [
      toggle('fragment', 'One octet a packet', 'ICAP requests arrive in crumbs.', dpi.faults),
      count('slowMs', 'Slow, ms', 'Pause after every 16 octets of an ICAP request; 0 is off.', dpi.faults),
      toggle(
        'garbage',
        'Garbage first',
        'The gateway must refuse, and the page must still open.',
        dpi.faults,
      ),
      toggle('halfClose', 'Half close', 'The DPI ends its side right after asking.', dpi.faults),
    ]),
    ...inGroup('Shops', 'shop', [
      toggle(
        'reportTwice',
        'Report twice',
        'Each purchase is told twice: points must come once.',
        shop.faults,
      ),
      toggle('down', 'Down', 'The shops answer 503.', shop.faults),
    ]),
    ...inGroup('Billing', 'billing', [
      toggle(
        'announceTwice',
        'Announce twice',
        'Each payment is told twice: points must come once.',
        billing.faults,
      ),
      toggle('unavailable', 'Down', 'Every request is answered 503.', billing.faults),
    ]),
  ];
}

type Bare = Omit<FaultSwitch, 'name' | 'group'> & { readonly field: string };

function smscSwitches(smsc: Smsc): FaultSwitch[] {
  const { faults } = smsc;
  return inGroup('SMSC', 'smsc', [
    toggle(
      'redeliverTwice',
      'Deliver three times',
      'Each message arrives three times although answered.',
      faults,
    ),
    toggle('dropResponses', 'Drop responses', 'Replies are taken but never acknowledged.', faults),
    count('throttleEvery', 'Throttle every k-th', 'That one answers ESME_RTHROTTLED; 0 is off.', faults),
    count('delayMs', 'Delay answers, ms', 'Every submit_sm is answered that late.', faults),
    toggle('refuseBind', 'Refuse binds', 'New connections are turned away.', faults),
    toggle('silent', 'Silent link', 'Nothing is answered, not even enquire_link.', faults),
    {
      field: 'garbledReceipts',
      title: 'Garbled receipts',
      hint: 'Delivery receipts make no sense.',
      kind: 'switch',
      value: () => faults.receipts === 'garbled',
      set: (on) => (faults.receipts = on === true ? 'garbled' : 'none'),
    },
    {
      field: 'cutMidPdu',
      title: 'Cut inside a PDU',
      hint: 'Half a TRANSFER, then the connection is gone: nothing may move.',
      kind: 'button',
      value: () => false,
      set: () => smsc.cutMidPdu(),
    },
  ]);
}

function toggle<Name extends string>(
  field: Name,
  title: string,
  hint: string,
  faults: Partial<Record<Name, unknown>>,
): Bare {
  return {
    field,
    title,
    hint,
    kind: 'switch',
    value: () => faults[field] === true,
    set: (on) => (faults[field] = on === true),
  };
}

function count<Name extends string>(
  field: Name,
  title: string,
  hint: string,
  faults: Record<Name, number>,
): Bare {
  return {
    field,
    title,
    hint,
    kind: 'number',
    value: () => faults[field],
    set: (value) => (faults[field] = Number(value)),
  };
}

function inGroup(group: string, prefix: string, members: readonly Bare[]): FaultSwitch[] {
  return members.map(({ field, ...rest }) => ({ ...rest, group, name: `${prefix}.${field}` }));
}
