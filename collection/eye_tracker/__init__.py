"""Eye tracker recordings: Pupil Invisible and Neon, native folders and Cloud exports."""
