// openai-node lists, reads and deletes models.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect, connect, refused } from './client.mjs';

const TUNED = 'ft:gpt-4o-mini:acemeco:suffix:abc123';

test('the list names the models of the day', async () => {
  const names = (await collect(connect().client.models.list())).map((model) => model.id);
  assert.ok(names.includes('gpt-image-2') && !names.includes('dall-e-3'));
  const before = (await collect(connect('dall-e').client.models.list())).map((model) => model.id);
  assert.ok(before.includes('dall-e-3') && !before.includes('gpt-image-2.5-flare'));
});

test('a model can be read', async () => {
  const model = await connect().client.models.retrieve('gpt-image-2');
  assert.deepEqual([model.id, model.object, model.owned_by], ['gpt-image-2', 'model', 'system']);
});

for (const name of [TUNED, 'some/model']) {
  test(`${name} arrives whole`, async () => {
    const error = await refused(connect().client.models.retrieve(name));
    assert.equal(error.message, `404 The model '${name}' does not exist`);
    assert.deepEqual([error.status, error.code, error.param], [404, 'model_not_found', 'model']);
    assert.equal((await connect('lenient').client.models.retrieve(name)).id, name);
    const gone = await connect('lenient').client.models.delete(name);
    assert.deepEqual([gone.id, gone.object, gone.deleted], [name, 'model', true]);
  });
}
