// openai-node meets faults: for each, what came of the call, and how many requests it took.
const { default: OpenAI } = await import(process.env.OPENAI_PACKAGE);
const found = {};
const ask = { model: 'gpt-image-2', prompt: 'x', size: '1024x1024', quality: 'low' };

for (const [name, fault] of Object.entries(JSON.parse(process.env.FAULTS))) {
  for (const stream of [false, true]) {
    let requests = 0;
    const client = new OpenAI({
      apiKey: 'sk-test',
      baseURL: process.env.BASE,
      timeout: 1500,
      defaultHeaders: { 'x-safelight-fault': fault },
      fetch: (url, init) => {
        requests += 1;
        return fetch(url, init);
      },
    });
    let outcome;
    try {
      const reply = await client.images.generate(stream ? { ...ask, stream } : ask);
      let events = 0;
      if (stream) for await (const _ of reply) events += 1;
      outcome = stream ? `${events} events` : typeof reply === 'string' ? 'text' : 'pictures';
    } catch (error) {
      outcome = error.constructor.name;
    }
    found[stream ? `${name} stream` : name] = [requests, outcome];
  }
}
console.log(JSON.stringify(found));
