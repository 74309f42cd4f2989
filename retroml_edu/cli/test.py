"""`retroml-edu test`: let a trained agent play whole games."""

from __future__ import annotations

import argparse

from tqdm import tqdm

from retroml_edu.cli.options import add_run, chosen_run


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `test` to the command line."""
    parser = subparsers.add_parser("test", help="let a trained agent play whole games, and film one")
    add_run(parser)
    parser.add_argument("--episodes", type=int, default=10, help="how many games (default: %(default)s)")
    parser.add_argument("--deterministic", action="store_true", help="always take the likeliest action")
    parser.add_argument("--seed", type=int, help="seed of the first game (default: drawn)")
    parser.add_argument("--no-video", action="store_true", help="film nothing")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Play and print the figures.

    Raises:
        RetroMLError: If the run has no model or the arguments make no sense.
    """
    from retroml_edu.session.evaluation import PlayedEpisode, Spectator, evaluate

    class Counter(Spectator):
        def played(self, game: PlayedEpisode) -> None:
            bar.set_postfix_str(f"return {game.episode_return:g}", refresh=False)
            bar.update()

    stored = chosen_run(args)
    with tqdm(total=args.episodes, desc=stored.title, unit=" games") as bar:
        result = evaluate(
            stored,
            episodes=args.episodes,
            deterministic=args.deterministic,
            seed=args.seed,
            video=not args.no_video,
            spectator=Counter(),
        )
    figures = result.summary
    choice = "the likeliest actions" if result.deterministic else "drawn actions"
    print(f"{len(result.episodes)} games with {choice}, weights of step {result.weights_step:,}, seed {result.seed}:")
    print(
        f"  return    {figures['return_mean']:.1f} ± {figures['return_std']:.1f} (mean ± standard deviation), "
        f"{figures['return_min']:.1f} to {figures['return_max']:.1f}"
    )
    print(f"  length    {figures['length_mean']:.1f} steps")
    print(f"  file      {result.path}")
    if not args.no_video:
        print(f"  video     {result.video_path or 'none: this game has no picture'}")
    return 0
