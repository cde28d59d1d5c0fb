// The AI SDK meets faults on its own gateway: for each, what came of the call.
import * as ai from 'ai';

const createGateway = ai.createGateway ?? (await import('@ai-sdk/gateway')).createGateway;
const found = {};

for (const [name, fault] of Object.entries(JSON.parse(process.env.FAULTS))) {
  let requests = 0;
  const gateway = createGateway({
    baseURL: process.env.BASE,
    apiKey: 'safelight',
    headers: { 'x-safelight-fault': fault },
    fetch: (url, init) => {
      requests += 1;
      return fetch(url, init);
    },
  });
  const generateImage = ai.generateImage ?? ai.experimental_generateImage;
  let outcome;
  try {
    const model = gateway.imageModel('bfl/flux-2-pro');
    const { images } = await generateImage({ model, prompt: 'x', maxRetries: 2 });
    outcome = `${images.length} pictures`;
  } catch (error) {
    const last = error.lastError ?? error;
    outcome = `${error.name} ${last === error ? '' : last.name}`.trim();
  }
  found[name] = [requests, outcome];
}
console.log(JSON.stringify(found));
