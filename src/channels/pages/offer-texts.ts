import type { Language } from '../../values/language.ts';

/** Why an answer cannot be taken. */
export type OfferTrouble = 'broken' | 'expired' | 'used' | 'no_partner' | 'unavailable';

export interface OfferTexts {
  readonly offer: {
    title(merchant: string): string;
    readonly lead: string;
    readonly steps: readonly [string, string, string];
    readonly terms: string;
    readonly accept: string;
    readonly decline: string;
    readonly later: string;
    onTheWay(host: string): string;
    readonly note: string;
  };
  readonly trouble: Readonly<Record<OfferTrouble, { readonly title: string; readonly text: string }>>;
  toShop(host: string): string;
}

const en: OfferTexts = {
  offer: {
    title: (merchant) => `Get points back at ${merchant}`,
    lead: 'The shop is our partner. Join the programme once, free of charge, and your purchases earn bonus points.',
    steps: [
      'Tap “Join and go to the shop”.',
      'Buy as usual: the price stays the same.',
      'The points appear in your bonus account after the shop confirms the purchase.',
    ],
    terms: 'Terms of the programme',
    accept: 'Join and go to the shop',
    decline: 'No, thanks',
    later: 'Decide later',
    onTheWay: (host) => `You are on your way to ${host}. Whatever you choose, you will get there at once.`,
    note: 'If you decline, we will not show this page again.',
  },
  trouble: {
    broken: {
      title: 'This link does not work',
      text: 'A part of the link is missing or was changed. Please open the shop again from your browser, for example by typing its address.',
    },
    expired: {
      title: 'This page is out of date',
      text: 'It was open for too long, so we did not save an answer. Nothing is lost: go on to the shop.',
    },
    used: {
      title: 'You have already answered',
      text: 'This page takes one answer only, and it has yours. Go on to the shop.',
    },
    no_partner: {
      title: 'The shop has left the programme',
      text: 'It is no longer our partner, so there is nothing to join. To visit it, type its address in your browser.',
    },
    unavailable: {
      title: 'We cannot save your choice right now',
      text: 'Sorry, something on our side does not work. Go on to the shop; we will ask you another time.',
    },
  },
  toShop: (host) => `Go to ${host}`,
};

const ru: OfferTexts = {
  offer: {
    title: (merchant) => `Баллы за покупки в магазине «${merchant}»`,
    lead: 'Этот магазин — наш партнёр. Подключитесь к программе один раз, это бесплатно, и покупки будут приносить бонусные баллы.',
    steps: [
      'Нажмите «Подключиться».',
      'Покупайте как обычно: цена не изменится.',
      'Баллы появятся на бонусном счёте, когда магазин подтвердит покупку.',
    ],
    terms: 'Условия программы',
    accept: 'Подключиться',
    decline: 'Нет, спасибо',
    later: 'Решу позже',
    onTheWay: (host) => `Вы переходите на сайт ${host}. При любом выборе вы сразу попадёте туда.`,
    note: 'Если откажетесь, эта страница больше не появится.',
  },
  trouble: {
    broken: {
      title: 'Ссылка не работает',
      text: 'Часть ссылки потерялась или изменилась. Откройте магазин заново, например введите его адрес в браузере.',
    },
    expired: {
      title: 'Страница устарела',
      text: 'Она была открыта слишком долго, поэтому ответ не сохранён. Ничего страшного: переходите в магазин.',
    },
    used: {
      title: 'Выбор уже сделан',
      text: 'На этой странице можно ответить только один раз, и ответ уже принят. Переходите в магазин.',
    },
    no_partner: {
      title: 'Магазин вышел из программы',
      text: 'Он больше не наш партнёр, подключаться не к чему. Чтобы открыть его, введите адрес в браузере.',
    },
    unavailable: {
      title: 'Сейчас не удаётся сохранить выбор',
      text: 'Извините, у нас что-то не работает. Переходите в магазин, а мы спросим вас в другой раз.',
    },
  },
  toShop: (host) => `Перейти на ${host}`,
};

/** Texts of the offer page. */
export const OFFER_TEXTS: Readonly<Record<Language, OfferTexts>> = { en, ru };
