"""What the centre concludes of an exam: facts of now, pure rules, one evaluation that pages, papers and answers ask."""
