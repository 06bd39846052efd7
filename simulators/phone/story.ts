import type { DemoPlaces } from './guide.ts';
import type { StoryStep } from './network.ts';

/** The first half of the tour: points by message, menu and voice. */
export function pointsStory({ shortCode, ussdCode, ivrNumber }: DemoPlaces): StoryStep[] {
  return [
    {
      title: 'Ask for your points',
      text: `Send BALANCE to ${shortCode}. The answer tells how many points you have, and which of them expire when.`,
      app: 'messages',
      prefill: 'BALANCE',
      done: '^sms (balance|bal|баланс)\\b',
    },
    {
      title: 'Give some to a friend',
      text: 'Send TRANSFER, a number and how many. Nothing moves yet: you get a code.',
      app: 'messages',
      prefill: 'TRANSFER {friend} 100',
      done: '^sms (transfer|send|перевод)\\b',
    },
    {
      title: 'Confirm with the code',
      text: 'Reply with the code from the message, and only once. Then change the phone to your friend and look.',
      app: 'messages',
      prefill: '{code}',
      done: '^sms \\d{4,6}$',
    },
    {
      title: 'Order something from the menu',
      text: `Dial ${ussdCode}, walk through the catalogue with the numbers, and confirm with 1.`,
      app: 'dial',
      prefill: ussdCode,
      done: `^ussd ${ussdCode.replaceAll('*', '\\*')}`,
    },
    {
      title: 'Call the bonus line',
      text: `Call ${ivrNumber} and press the keys you are told. Before points move it asks for your PIN: it stands beside your name.`,
      app: 'dial',
      prefill: ivrNumber,
      done: `^call ${ivrNumber}`,
    },
  ];
}

/** The second half: shops, payments, time, and what may break. */
export function worldStory({ shops: [shop = ''] }: DemoPlaces): StoryStep[] {
  return [
    {
      title: 'Visit a partner shop',
      text: 'On your way to the shop the DPI asks the gateway, and the offer of the bonus programme comes first.',
      app: 'web',
      prefill: shop,
      done: '^web GET .* redirect$',
    },
    {
      title: 'Answer the offer',
      text: 'Accept or decline: either way you arrive at the shop, and you are not asked again.',
      app: 'web',
      prefill: shop,
      done: '^web POST ',
    },
    {
      title: 'Pay and earn',
      text: 'Top up the phone. Billing tells the gateway, and points come for the payment.',
      app: 'network',
      prefill: 'top-up',
      done: '^top-up',
    },
    {
      title: 'Ninety days later',
      text: 'Move the clock, then ask for your points again: some of them are gone.',
      app: 'network',
      prefill: 'later',
      done: '^clock',
    },
    {
      title: 'Break something',
      text: 'Let the SMSC deliver every message three times, then send points: they move once.',
      app: 'network',
      prefill: 'fault-smsc.redeliverTwice',
      done: '^fault ',
    },
  ];
}
