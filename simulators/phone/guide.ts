import type { DemoGuide, DemoSubscriber } from './network.ts';
import { pointsStory, worldStory } from './story.ts';

/** The numbers and addresses of one demo. */
export interface DemoPlaces {
  readonly shortCode: string;
  readonly ussdCode: string;
  readonly ivrNumber: string;
  readonly shops: readonly string[];
  readonly links: DemoGuide['links'];
}

/** What the page shows beside the phone: the tour and the ready-made commands. `{friend}` is another subscriber. */
export function demoGuide(subscribers: readonly DemoSubscriber[], places: DemoPlaces): DemoGuide {
  return {
    ...places,
    subscribers,
    quickReplies: {
      en: ['BALANCE', 'HISTORY', 'CATALOGUE', 'REDEEM 1', 'TRANSFER ', 'HELP'],
      ru: ['БАЛАНС', 'ИСТОРИЯ', 'КАТАЛОГ', 'КУПИТЬ 1', 'ПЕРЕВОД ', 'ПОМОЩЬ'],
    },
    story: [...pointsStory(places), ...worldStory(places)],
  };
}
