// Numbers in words, the same words as words.py has.

const whole = (number) => (number ?? null) === null ? "" : number.toLocaleString("en-US");
const count = (number, thing) => `${whole(number)} ${thing}${number === 1 ? "" : "s"}`;

// To a tenth, and what lies between two tenths to the even one, as Python rounds: of such numbers toFixed takes the
// one that is farther from 0, which is another only where they end with a quarter.
const tenths = (number) => {
  const between = Math.abs(number) % 1 === 0.25 ? 0.01 * Math.sign(number) : 0;
  return (number - between).toFixed(1);
};
const score = (number) => {
  if (!Number.isFinite(number)) return ""; // null is what is not known
  if (Math.abs(number) >= 1e21) return BigInt(number).toLocaleString("en-US"); // beyond, toFixed counts in powers
  const [, sign, digits, tenth] = /^(-?)(\d+)\.(\d)$/.exec(tenths(number));
  const some = Number(digits) || Number(tenth);
  return `${some ? sign : ""}${digits.replace(/\B(?=(\d{3})+$)/g, ",")}${tenth === "0" ? "" : `.${tenth}`}`;
};

const duration = (seconds) => {
  const s = Math.max(1, Math.ceil(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${whole(Math.floor(s / 3600))} h ${Math.floor((s % 3600) / 60)} min`;
};
