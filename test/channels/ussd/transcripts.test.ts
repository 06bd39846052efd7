import { expect } from 'chai';
import { sizeOf } from '../../../src/channels/texts/alphabet.ts';
import { loadTexts } from '../../../src/channels/texts/texts.ts';
import { loadMenu } from '../../../src/channels/ussd/menu-file.ts';
import {
  answerMenu,
  answerOutcome,
  findDialled,
  openMenu,
  type MenuBook,
  type MenuStep,
} from '../../../src/channels/ussd/menu.ts';
import type { Language } from '../../../src/values/language.ts';
import { expectTranscript } from '../../support/golden.ts';
import { WalletDouble } from './wallet.ts';

/** Name, then the keys that are pressed. */
const STORIES: readonly (readonly [string, readonly string[]])[] = [
  ['balance, and back', ['1', '0']],
  ['history by pages', ['4', '99', '99', '0', '0']],
  ['a purchase', ['2', '1', '1']],
  ['a purchase too dear', ['2', '2', '0']],
  ['a purchase that is not confirmed', ['2', '1', '0', '0']],
  ['a transfer', ['3', '79160000002', '50', '1']],
  ['a transfer with mistakes', ['3', '7916', '8 (916) 000-00-02', '1,5', '50', '7', '1']],
  ['a transfer, back and home', ['3', '79160000002', '0', '*', '3', '00']],
  ['answers that are not understood', ['9', 'x', '']],
  ['the other language', ['5', '2', '0', '5', '1', '#']],
];

describe('the USSD menu', () => {
  const limit = { gsm: 182, ucs2: 80 };
  let book: MenuBook;
  before(() => {
    book = {
      menu: loadMenu('conf/menus/main.yaml'),
      texts: loadTexts('conf/texts'),
      numberPlan: { countryCode: '7', trunkPrefix: '8', nationalLength: 10 },
      triesMax: 3,
    };
  });

  /** Plays a story as the dialogue does; every screen must fit the centre. */
  const play = (wallet: WalletDouble, language: Language, keys: readonly string[]): string => {
    const lines: string[] = [];
    const settle = (first: MenuStep): Extract<MenuStep, { kind: 'show' }> => {
      let step = first;
      while (step.kind === 'run') step = answerOutcome(book, step.state, wallet.answer(step.command), limit);
      // What is kept between turns is plain data.
      return { ...step, state: JSON.parse(JSON.stringify(step.state)) as typeof step.state };
    };
    let step = settle(openMenu(book, 'home', { language, zone: 'Europe/Moscow' }, limit));
    const note = () => {
      const { alphabet, units } = sizeOf(step.text);
      expect(units, step.text).to.be.at.most(limit[alphabet]);
      lines.push(
        ...step.text.split('\n').map((line) => `    ${line}`),
        `    [${alphabet} ${String(units)}${step.end ? ', end' : ''}]`,
      );
    };
    note();
    for (const key of keys) {
      if (step.end) throw new Error(`the dialogue ended before ${key}`);
      step = settle(answerMenu(book, step.state, key, limit));
      lines.push(`> ${key}`);
      note();
    }
    return lines.join('\n');
  };

  for (const language of ['en', 'ru'] as const) {
    it(`reads as in the transcript: ${language}`, async () => {
      const told = STORIES.map(([name, keys]) => `## ${name}\n${play(new WalletDouble(), language, keys)}\n`);
      await expectTranscript(`ussd-${language}.txt`, told.join('\n'));
    });
  }

  it('shows a long catalogue by pages, and takes a number from any of them', () => {
    for (const language of ['en', 'ru'] as const) {
      const wallet = new WalletDouble();
      wallet.items = Array.from({ length: 40 }, (_, at) => ({
        number: at + 1,
        code: `item-${String(at + 1)}`,
        name: { en: `Thing number ${String(at + 1)}`, ru: `Вещь номер ${String(at + 1)}` },
        points: 10n,
      }));
      const pages = Array.from({ length: 7 }, () => '99');
      play(wallet, language, ['2', ...pages.slice(0, 3), '0', '37']);
      expect(wallet.commands.at(-1)).to.deep.equal({
        kind: 'prepare',
        action: { kind: 'redeem', item: 'item-37' },
      });
    }
  });

  it('comes back from an empty catalogue', () => {
    const wallet = new WalletDouble();
    wallet.items = [];
    expect(play(wallet, 'en', ['2', '0'])).to.match(/nothing in the catalogue[^]*> 0\n {4}Bonus points/);
  });

  it('knows what was dialled', () => {
    const dialled = (text: string): string => {
      const found = findDialled(book.menu, text);
      return found === undefined ? '-' : [found.screen, ...found.answers].join(' ');
    };
    expect(dialled('*100#')).to.equal('home');
    expect(dialled('100')).to.equal('home');
    expect(dialled('')).to.equal('home');
    expect(dialled('*100*3*79160000002*50#')).to.equal('home 3 79160000002 50');
    expect(dialled('*1000#')).to.equal('-');
    expect(dialled('*200#')).to.equal('-');
  });
});
