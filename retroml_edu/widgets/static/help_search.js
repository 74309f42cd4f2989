// Full-text search over the topics: all words have to be there; where no topic has all, those with most of them are near.
// Of a question, the words that tell what it is about are searched for.

const MOST_NEAR = 8; // topics, of a pasted error, say
const SNIPPET = 90; // characters
const GREEK = { "ε": "epsilon", "γ": "gamma", "λ": "lambda", "τ": "tau" };

const LITTLE = new Set((
  "a about am an and are as at be been but by can cannot cant could did do does doesnt dont for from had has have here how "
  + "i if im in is isnt it its may me might must my of on or please shall should so than that the their them then there "
  + "these they this those to us was we were what whats when where which who why will with would you your"
).split(" "));
const isLittle = (word) => /^[a-z\d]$/.test(word) || LITTLE.has(word.replace(/['’]/g, ""));

// Little words only where there are no others, single letters only where there is nothing else; γ is a word.
const wordsOf = (query) => {
  const bare = plainText(query).split(/\s+/).map((word) => word.replace(/^["'“‘(]+|["'”’).,:;!?]+$/g, ""));
  const words = [...new Set(bare.filter(Boolean))];
  const telling = words.filter((word) => !isLittle(word));
  const longer = words.filter((word) => word.length > 1);
  return [telling, longer, words].find((some) => some.length) ?? [];
};

const searchOf = (topics) => {
  const index = topics.map((topic) => {
    const body = topic.blocks.map(textOf).join(" \n ");
    const spelled = [...topic.title].map((letter) => GREEK[letter] ?? "").join(" ");
    const words = plainText(`${topic.words} ${topic.group} ${spelled}`);
    return { topic, body, title: plainText(topic.title), words, text: plainText(body) };
  });
  const weight = ({ title, words, text }, token) => {
    if (title.includes(token)) return title.split(/\W+/).some((word) => word.startsWith(token)) ? 8 : 5;
    if (words.includes(token)) return 3;
    return text.includes(token) ? 1 : 0;
  };
  const snippet = ({ body, text }, tokens) => {
    const at = Math.min(...tokens.map((token) => text.indexOf(token)).filter((where) => where >= 0));
    const from = !Number.isFinite(at) || at < SNIPPET / 3 ? 0 : body.lastIndexOf(" ", at - SNIPPET / 3) + 1;
    if (from + SNIPPET >= body.length) return `${from ? "… " : ""}${body.slice(from)}`;
    return `${from ? "… " : ""}${body.slice(from, body.lastIndexOf(" ", from + SNIPPET))} …`;
  };
  // Returns what was found, best first, and whether each has all the words.
  return (query) => {
    const tokens = wordsOf(query);
    if (!tokens.length) return { tokens, found: [], whole: true };
    const judged = index.map((entry) => {
      const weights = tokens.map((token) => weight(entry, token));
      return { entry, has: weights.filter(Boolean).length, sum: weights.reduce((a, b) => a + b, 0) };
    });
    const exact = judged.filter(({ has }) => has === tokens.length);
    const whole = exact.length > 0;
    const long = tokens.filter((token) => token.length > 2).length;
    const near = whole || tokens.length < 2 ? exact : judged.filter(({ has }) => has > long / 3);
    const found = near.sort((a, b) => b.has - a.has || b.sum - a.sum).slice(0, whole ? undefined : MOST_NEAR);
    return { tokens, whole, found: found.map(({ entry }) => ({ topic: entry.topic, snippet: snippet(entry, tokens) })) };
  };
};
