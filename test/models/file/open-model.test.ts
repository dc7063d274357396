import { describe, expect, it } from 'vitest';
import { describeModel, openModel, shortest, versionOf } from '../../../src/models/file/index.ts';
import { bytesOf, smallModel } from '../support/small-model.ts';

const text = (content: string) => new TextEncoder().encode(content);
const bytes = (...list: number[]) => Uint8Array.from(list);

describe('what is no model that can be scored is refused with the reason', () => {
  it.each([
    ['an empty file', bytes(), 'the model file is empty'],
    ['a pickle', bytes(0x80, 4, 0x95), 'a Python pickle'],
    ['a zip archive', bytes(0x50, 0x4b, 3, 4), 'a zip archive'],
    ['LightGBM', text('tree\nversion=v4\n'), "LightGBM's text format"],
    ['a dump of LightGBM', text('{"name":"tree","tree_info":[]}'), "LightGBM's JSON dump"],
    ['CatBoost', text('CBM1abc'), "CatBoost's binary format"],
    ['PMML', text('<?xml version="1.0"?><PMML/>'), 'XML'],
    ["a dump of XGBoost's trees", text('[{"nodeid":0}]'), 'a JSON list'],
    ['an encoder', text('{"features":["a"],"categorical":{}}'), 'an encoder of features, not a model'],
    ['saved features', text('{"kind":"streamer.features","fields":{}}'), 'a declaration of features, not a model'],
    ['other JSON', text('{"a":1}'), 'neither a model of XGBoost'],
    ['a number', text('7'), 'not in a known format'],
    ['JSON cut short', text('{"learner":{'), 'the model file is not JSON'],
    ['UBJSON cut short', text('{L\0\0\0\0\0\0\0\x07lear'), 'damaged'],
    ['an objective that is not known', bytesOf(smallModel({ objective: 'reg:own' })), 'the objective "reg:own" is not supported'],
    ['a version that is not known', bytesOf(smallModel({ version: [9, 1, 0] })), 'written by XGBoost 9.1.0'],
    [
      'a booster that is not known',
      text(JSON.stringify(smallModel()).replace('"gbtree"', '"gbforest"')),
      'the booster "gbforest" is not supported',
    ],
    ['a linear model without coefficients', text('{"coefficients":[1],"features":[]}'), 'must name as many features'],
  ])('%s', async (_, content, reason) => {
    const { unsupported } = await describeModel(content);
    expect(unsupported?.reason).toContain(reason);
    await expect(openModel(content, { name: 'm' })).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining(`m: ${unsupported?.reason}`),
    });
  });

  it('and what can be read of it is told', async () => {
    const about = await describeModel(bytesOf(smallModel({ objective: 'reg:own', features: 7 })));
    expect(about).toMatchObject({
      kind: 'xgboost',
      format: 'JSON',
      writtenBy: 'XGBoost 3.2.0',
      booster: 'gbtree',
      objective: 'reg:own',
      features: 7,
    });
  });
});

describe('options that do not go with the kind of model', () => {
  const linear = text('{"features":["a"],"coefficients":[2],"intercept":1,"kind":"linear-regression"}');

  it.each([
    [linear, { rounds: 'all' as const }, 'rounds are for boosted trees'],
    [bytesOf(smallModel()), { link: 'logit' as const }, 'a link is for linear models'],
  ])('are refused', async (content, options, message) => {
    await expect(openModel(content, { name: 'm', ...options })).rejects.toThrow(message);
  });

  it('and those that do have their effect', async () => {
    const { model, isFloat32 } = await openModel(text('{"features":["a"],"coefficients":[2],"intercept":1}'), {
      name: 'm',
      link: 'logit',
      margin: true,
    });
    expect({ answers: await model.predict([[3]]), isFloat32 }).toEqual({ answers: [7], isFloat32: false });
  });
});

it('the version is that of the content', () => {
  expect(versionOf(text('a'))).toBe(versionOf(text('a')));
  expect(versionOf(text('a'))).not.toBe(versionOf(text('b')));
});

it.each([0.1, 1 / 3, 1e-39, 16_777_216, 123_456_789, -0.030_6, 3.402_823_4e38, 0, 1, 2 ** -149])(
  '%d reads back as the same 32-bit number',
  (value) => {
    const float = Math.fround(value);
    expect(Math.fround(shortest(float))).toBe(float);
    expect(String(shortest(float)).replace(/\D|e.*/g, '').length).toBeLessThanOrEqual(String(float).replace(/\D|e.*/g, '').length);
  },
);
