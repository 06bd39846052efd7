import { expect } from 'chai';
import { isPin, isWeakPin } from '../../src/subscribers/pin-rules.ts';

describe('PIN rules', () => {
  it('take 4 to 8 digits and nothing else', () => {
    expect(['2580', '25807413'].map(isPin)).to.deep.equal([true, true]);
    expect(['258', '258074139', '25a0', '', ' 2580', '٢٥٨٠'].map(isPin)).to.not.include(true);
  });

  for (const pin of ['0000', '111111', '1234', '7890', '4321', '0987', '1212', '123123', '12341234']) {
    it(`refuse ${pin} as easy to guess`, () => expect(isWeakPin(pin)).to.equal(true));
  }

  it('accept others', () => {
    expect(['2580', '1235', '7413', '190285'].map((pin) => isWeakPin(pin))).to.not.include(true);
  });

  it("refuse the end of the subscriber's own number", () => {
    expect(isWeakPin('7413', '79160007413')).to.equal(true);
  });
});
