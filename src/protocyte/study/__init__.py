"""The study: a trial's protocol as one typed value, read from a file that people write.

load_study(path)     -> Loaded (study, document, warnings), or every problem with its line
check_study(...)     -> what is wrong with a study whose fields are all of their kinds
diff_studies(a, b)   -> what changed between two versions
shelf(), find_study  -> the studies that ship with Protocyte
"""
